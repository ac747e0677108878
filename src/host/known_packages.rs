//! What EL8's packages bring, where a preview needs to know it better than by names.
//!
//! Sources: the `%files` and scriptlets of the package's spec file, and EL8's systemd presets, which enable no
//! service that is not named in them (`99-default-disable.preset`).

/// A package, its own directory and its service.
#[derive(Debug)]
pub(super) struct KnownPackage {
    /// Its name; its subpackages are called `name-...`.
    pub(super) name: &'static str,
    /// A directory of `root:root` and mode 0755 that the package owns.
    pub(super) directory: &'static str,
    /// The first components of what the package and its subpackages have in it. What is there already stays.
    pub(super) entries: &'static [&'static str],
    /// Files in it that the package's scriptlets may amend when they are there already.
    pub(super) amended: &'static [&'static str],
    /// The service: neither enabled nor started by an installation.
    pub(super) unit: &'static str,
}

pub(super) const KNOWN: &[KnownPackage] = &[KnownPackage {
    name: "postfix",
    directory: "/etc/postfix",
    entries: &[
        "access",
        "canonical",
        "dynamicmaps.cf",
        "dynamicmaps.cf.d",
        "generic",
        "header_checks",
        "main.cf",
        "main.cf.proto",
        "master.cf",
        "master.cf.proto",
        "postfix-files",
        "postfix-files.d",
        "relocated",
        "transport",
        "virtual",
    ],
    // `postfix upgrade-configuration` adds the services that a master.cf lacks.
    amended: &["master.cf"],
    unit: "postfix.service",
}];
