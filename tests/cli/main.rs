//! The program as it is met from a shell: what it prints, and how it ends.

mod help;
mod input;
mod inspect;
mod mail_values;
mod make;
mod messages;
mod plans;
mod runs;
mod vault;
mod world;
mod wrong;
