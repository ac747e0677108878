//! The strict Jinja environment: rendering, variables, static checks.
