//! The program as it is met from a shell: what it prints, and how it ends.

mod browser;
mod help;
mod input;
mod inspect;
mod mail_values;
mod make;
mod messages;
mod pages;
mod plans;
mod recorded;
mod runs;
mod schema;
mod screens;
mod terminal;
mod vault;
mod world;
mod wrong;
