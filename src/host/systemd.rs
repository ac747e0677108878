//! Units through systemctl.
