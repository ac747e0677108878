//! Places in the user's files, and how errors about them are shown.
