//! A scripted host for unit tests.
