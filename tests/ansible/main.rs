//! What Ansible itself makes of the same input. `tests/run` runs these; by hand: `cargo test --test ansible`.
//! Ansible is installed by `tests/ansible/venv`, outside this tree.

mod expressions;
mod inventories;
mod patterns;
mod tools;
mod vaults;
