//! `certificate`: a private key made on the host, with a self-signed server certificate.

use super::attributes::{GROUP, OWNER};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "The certificate (PEM, mode 0644 when new).").required(),
        ArgSpec::new(
            "privatekey_path",
            ArgKind::Path,
            "The private key (PKCS #8 in PEM, mode 0600 when new). It is made on the host and never leaves it; a key \
             of the right type and size is kept.",
        )
        .required(),
        ArgSpec::new("common_name", ArgKind::Str, "The subject; the host's fully qualified name when not given."),
        ArgSpec::new(
            "subject_alt_name",
            ArgKind::StrList,
            "Names to be valid for: DNS:mail.example.com, IP:192.0.2.1, or either without its prefix. The default is \
             the common name.",
        ),
        ArgSpec::new("key_type", ArgKind::Choice(&["rsa", "ecdsa"]), "RSA, or ECDSA on the curve P-256.")
            .default("rsa"),
        ArgSpec::new("key_size", ArgKind::Int, "Bits of an RSA key: 2048, 3072 or 4096. The default is 2048."),
        ArgSpec::new("days", ArgKind::Int, "Days for which a new certificate is valid.").default("365"),
        ArgSpec::new("renew_before", ArgKind::Int, "Days before its end at which a certificate is renewed.")
            .default("30"),
        ArgSpec::new("mode", ArgKind::Mode, "Permissions of the certificate. An existing file keeps its own."),
        ArgSpec::new("privatekey_mode", ArgKind::Mode, "Permissions of the private key.").default("0600"),
        OWNER,
        GROUP,
        ArgSpec::new(
            "force",
            ArgKind::Bool,
            "Also replace a certificate that somebody else issued, when it does not fit.",
        )
        .default("no"),
    ],
    returns: &[
        ("not_after", "the end of validity, as 2027-01-31T00:00:00Z"),
        ("subject_alt_name", "the names, as DNS:... and IP:..."),
        ("fingerprint_sha256", "SHA-256 of the certificate, in hexadecimal"),
        ("renewed", "whether a certificate was made"),
        ("reason", "why, in words"),
    ],
    example: "- name: A certificate for STARTTLS\n  certificate:\n    path: /etc/postfix/ssl/postfix.crt\n    \
              privatekey_path: /etc/postfix/ssl/postfix.key\n    common_name: mail.example.com\n    \
              subject_alt_name:\n      - DNS:mail.example.com\n      - IP:192.0.2.25\n",
    ..ModuleSpec::new("certificate", "mailprov", "Keep a private key with a self-signed server certificate.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
