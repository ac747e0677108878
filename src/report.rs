//! What a person or a program sees of the event stream.
