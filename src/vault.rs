//! Ansible Vault: texts encrypted with a password, as `ansible-vault` reads and writes them.
//!
//! The format is AES256 of version 1.1, and 1.2 with a label (docs.ansible.com, "Ansible Vault", format). Nothing here
//! knows of files or terminals.

mod cipher;
mod envelope;
mod keyring;

pub use envelope::{is_vault, label};
pub use keyring::{Key, Keyring};

use thiserror::Error;

/// Why a vault could not be opened or made: a fragment that reads after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The text begins like a vault and goes on otherwise.
    #[error("read it: {0}")]
    Damaged(&'static str),
    /// A version or a cipher that is not the usual one.
    #[error("read it: `{0}` is no format that mailprov knows")]
    Unknown(String),
    /// There is no password at all.
    #[error("decrypt it: no vault password was given")]
    NoPassword,
    /// None of the passwords fits.
    #[error("decrypt it: {0}")]
    WrongPassword(String),
    /// It is not clear which password encrypts.
    #[error("encrypt: {0}")]
    NoKey(String),
    /// The system's cryptography failed.
    #[error("encrypt: the system gives no random numbers")]
    Random,
}

impl VaultError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoPassword => Some("pass --ask-vault-password, --vault-password-file FILE or --vault-id LABEL@FILE"),
            Self::WrongPassword(_) => Some("is it the right vault password?"),
            Self::NoKey(_) => Some("pass one password, or name its label with --encrypt-vault-id"),
            Self::Damaged(_) => Some("was the text cut off or changed?"),
            Self::Unknown(_) | Self::Random => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keyring(keys: &[(&str, &str)]) -> Keyring {
        Keyring::new(keys.iter().map(|(label, password)| Key::new(label, password.as_bytes())).collect())
    }

    /// Made by ansible-vault of ansible-core 2.19 with the password `hunter2`.
    const MADE_BY_ANSIBLE: &str = "\
$ANSIBLE_VAULT;1.1;AES256
62386166373033663733366233653032386134343831356365626439633663666432393961343835
3137613036643762353738396433393136656437333532620a646338623763323966393138653661
30323536373338306666613463386337386232646632326139366636313764633163633530316161
3765363131636234360a643535623063326637376235663135303934633530633834653464313761
35333965653165356235636465656661303961613230633032653963643736613635
";

    #[test]
    fn a_vault_of_ansibles_is_read() {
        let opened = keyring(&[("default", "hunter2")]).open(MADE_BY_ANSIBLE).unwrap();
        assert_eq!(opened, b"smtp_password: geheim\n");
    }

    #[test]
    fn labels_go_first_and_every_key_is_tried() {
        let keys = keyring(&[("dev", "a"), ("prod", "b")]);
        let sealed = keys.seal(b"x", Some("prod")).unwrap();
        assert!(sealed.starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"), "{sealed}");
        assert_eq!(keys.open(&sealed).unwrap(), b"x");
        assert_eq!(keyring(&[("other", "z"), ("another", "b")]).open(&sealed).unwrap(), b"x");
        for (keys, expected) in [
            (keyring(&[]), "no vault password was given"),
            (keyring(&[("dev", "a")]), "the password does not fit"),
            (keyring(&[("dev", "a"), ("x", "c")]), "none of the passwords fits"),
        ] {
            let told = keys.open(&sealed).unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn which_key_encrypts_must_be_clear() {
        let keys = keyring(&[("dev", "a"), ("prod", "b")]);
        assert!(matches!(keys.seal(b"x", None), Err(VaultError::NoKey(_))));
        assert!(matches!(keys.seal(b"x", Some("test")), Err(VaultError::NoKey(_))));
        assert_eq!(keyring(&[]).seal(b"x", None), Err(VaultError::NoPassword));
        assert!(keyring(&[("default", "a")]).seal(b"x", None).unwrap().starts_with("$ANSIBLE_VAULT;1.1;AES256\n"));
    }

    #[test]
    fn what_was_changed_is_not_opened() {
        let keys = keyring(&[("default", "a")]);
        let sealed = keys.seal(b"secret", None).unwrap();
        for at in (sealed.find('\n').unwrap() + 1)..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'3' { b'4' } else { b'3' };
            assert!(keys.open(&String::from_utf8(changed).unwrap()).is_err(), "{at}");
        }
        assert!(!is_vault("$ANSIBLE_VAULTS") && !is_vault("x: $ANSIBLE_VAULT;1.1;AES256"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_sealed_is_opened(text in proptest::collection::vec(any::<u8>(), 0..200), password in "[a-zäé ]{1,12}") {
            let keys = keyring(&[("default", &password)]);
            let sealed = keys.seal(&text, None).unwrap();
            prop_assert!(sealed.lines().all(|line| line.len() <= 80));
            prop_assert_eq!(keys.open(&sealed).unwrap(), text);
        }

        #[test]
        fn no_text_panics(text in "(\\$ANSIBLE_VAULT;1\\.[012];AES256(;x)?\n)?[0-9a-f\n]{0,200}") {
            drop(keyring(&[("default", "a")]).open(&text));
        }
    }
}
