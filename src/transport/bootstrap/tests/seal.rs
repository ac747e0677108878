//! An agent that was checked once, and what ends its being trusted.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{World, cannot_mount};
use crate::hostplay::Mode;

/// A host on whose agent there is a seal. It is not in /tmp, where everybody may write.
async fn sealed() -> World {
    let mut world = World::new();
    world.mounts = Some(format!("mount --bind {} /usr/local", world.path("a").display()));
    world.folders[0] = "/usr/local/mailprov/bin".to_owned();
    assert_eq!(world.started().await, (world.agent_in(0), true));
    assert!(world.path("a/mailprov/bin").join(format!("agent-{}.seal", world.digest)).exists());
    world
}

#[tokio::test]
async fn a_sealed_agent_starts_without_being_read_or_asked_for() {
    if cannot_mount().await {
        return;
    }
    let mut world = sealed().await;
    world.program("broken", "exit 9");
    let broken = world.path("path/broken");
    let mounts = world.mounts.take().unwrap();
    world.mounts = Some(format!("mount --bind {} /usr/bin/sha256sum\n{mounts}", broken.display()));
    for mode in [Mode::Check, Mode::Apply] {
        world.mode = mode;
        assert_eq!(world.started().await, (world.agent_in(0), false), "{mode:?}");
    }
    // Without the seal it has to be read, which fails here.
    fs::remove_file(world.path("a/mailprov/bin").join(format!("agent-{}.seal", world.digest))).unwrap();
    assert_eq!(world.refused().await.len(), 2);
}

#[tokio::test]
async fn a_seal_is_worth_nothing_once_the_agent_or_a_folder_is_another() {
    if cannot_mount().await {
        return;
    }
    for spoil in ["written over", "put in its place", "open", "folder open"] {
        let world = sealed().await;
        let marker = world.path("it-ran");
        let folder = world.path("a/mailprov/bin");
        let agent = folder.join(format!("agent-{}", world.digest));
        let good = fs::read(&agent).unwrap();
        let mut evil = format!("#!/bin/sh\ntouch {}\n#", marker.display()).into_bytes();
        evil.resize(good.len(), b'#');
        let times = fs::metadata(&agent).unwrap().modified().unwrap();
        match spoil {
            "written over" => fs::write(&agent, &evil).unwrap(),
            "open" => fs::set_permissions(&agent, fs::Permissions::from_mode(0o777)).unwrap(),
            "folder open" => fs::set_permissions(folder.parent().unwrap(), fs::Permissions::from_mode(0o777)).unwrap(),
            _ => {
                fs::write(folder.join("new"), &evil).unwrap();
                fs::set_permissions(folder.join("new"), fs::Permissions::from_mode(0o700)).unwrap();
                fs::rename(folder.join("new"), &agent).unwrap();
            }
        }
        fs::File::options().write(true).open(&agent).unwrap().set_modified(times).unwrap();
        let used = world.started().await;
        assert!(!marker.exists(), "{spoil}");
        if spoil == "folder open" {
            assert_eq!(used, (world.agent_in(1), true));
        } else {
            assert_eq!(used, (world.agent_in(0), true), "{spoil}");
        }
    }
}
