//! Many hosts: forks, batches, failure policy; one host's life.
