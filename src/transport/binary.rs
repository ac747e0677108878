//! The agent's binary: the one that this program carries, or this program itself; or one beside it for another architecture.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OnceCell};

use super::carried::{CARRIED, Carried};

/// Why there is no agent for a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// The host is of a kind for which no agent was found.
    #[error("no agent for {platform} (this is {own}; looked for {})", join(searched))]
    NoneFor {
        /// The host's `uname -sm`.
        platform: String,
        /// The controller's.
        own: String,
        /// The files that would have done.
        searched: Vec<PathBuf>,
    },
    /// A file that should be an agent cannot run on the host.
    #[error("{} cannot be the agent: {problem}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        problem: String,
    },
    /// The file cannot be read or compressed.
    #[error("cannot read {}: {message}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
}

impl BinaryError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoneFor { platform, searched, .. } => match (rust_target(platform), searched.last()) {
                (Some(target), Some(file)) => Some(format!(
                    "build one with `cargo build --release --target {target}` and copy it to {}",
                    file.display()
                )),
                _ => Some("mailprov is made for Linux on x86_64 and aarch64".to_owned()),
            },
            Self::Unfit { .. } => {
                Some("build it as the project does, statically (target-feature=+crt-static)".to_owned())
            }
            Self::Io { .. } => None,
        }
    }
}

/// An agent for one platform.
#[derive(Debug)]
pub struct AgentBinary {
    /// What is still to be packed.
    path: PathBuf,
    /// SHA-256, in hexadecimal.
    pub digest: String,
    /// Length in bytes.
    pub size: u64,
    packed: OnceCell<Arc<[u8]>>,
}

impl AgentBinary {
    /// Takes a file as it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_file(path: &Path) -> Result<Self, BinaryError> {
        let digest_of = || -> io::Result<(String, u64)> {
            let mut file = fs::File::open(path)?;
            let mut hash = Sha256::new();
            let size = io::copy(&mut file, &mut hash)?;
            Ok((format!("{:x}", hash.finalize()), size))
        };
        let (digest, size) = digest_of().map_err(|error| io_error(path, &error))?;
        Ok(Self { path: path.to_owned(), digest, size, packed: OnceCell::new() })
    }

    /// The one inside this program, if there is one.
    fn carried() -> Option<Self> {
        let Carried { packed, digest, size } = CARRIED?;
        let packed = OnceCell::new_with(Some(Arc::from(packed)));
        Some(Self { path: PathBuf::new(), digest: digest.to_owned(), size: size.parse().ok()?, packed })
    }

    /// The file as a gzip stream (RFC 1952), compressed at the first call.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn packed(&self) -> Result<Arc<[u8]>, BinaryError> {
        let pack = || async {
            let path = self.path.clone();
            run_blocking(&self.path, move || pack(&path)).await
        };
        self.packed.get_or_try_init(pack).await.cloned()
    }
}

/// The agents of one process: each is read, digested and compressed once.
#[derive(Debug)]
pub struct Binaries {
    own: String,
    own_path: Option<PathBuf>,
    folders: Vec<PathBuf>,
    known: Mutex<BTreeMap<String, Arc<AgentBinary>>>,
}

impl Binaries {
    /// What this program carries, or the program itself; and agents for other platforms beside it or in
    /// `$XDG_DATA_HOME/mailprov/agents`.
    #[must_use]
    pub fn of_this_process() -> Self {
        let uname = rustix::system::uname();
        let own = format!("{} {}", uname.sysname().to_string_lossy(), uname.machine().to_string_lossy());
        let own_path = std::env::current_exe().ok();
        let beside = own_path.as_deref().and_then(Path::parent).map(Path::to_owned);
        let folders = beside.into_iter().chain(data_home().map(|home| home.join("mailprov/agents"))).collect();
        let carried = AgentBinary::carried().map(|binary| (own.clone(), Arc::new(binary)));
        Self { own, own_path, folders, known: Mutex::new(carried.into_iter().collect()) }
    }

    /// One file for one platform, and nothing else.
    #[cfg(test)]
    pub(super) fn holding(platform: &str, binary: AgentBinary) -> Self {
        let known = BTreeMap::from([(platform.to_owned(), Arc::new(binary))]);
        Self { own: platform.to_owned(), own_path: None, folders: Vec::new(), known: Mutex::new(known) }
    }

    /// `uname -sm` of the controller.
    #[must_use]
    pub fn own_platform(&self) -> &str {
        &self.own
    }

    /// The agent for a platform.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn for_platform(&self, platform: &str) -> Result<Arc<AgentBinary>, BinaryError> {
        let mut known = self.known.lock().await;
        if let Some(binary) = known.get(platform) {
            return Ok(Arc::clone(binary));
        }
        let path = self.find(platform)?;
        let machine = platform.rsplit(' ').next().unwrap_or_default().to_owned();
        let file = path.clone();
        let binary = run_blocking(&path, move || {
            check_elf(&file, &machine)?;
            AgentBinary::from_file(&file)
        });
        let binary = Arc::new(binary.await?);
        known.insert(platform.to_owned(), Arc::clone(&binary));
        Ok(binary)
    }

    fn find(&self, platform: &str) -> Result<PathBuf, BinaryError> {
        if platform == self.own
            && let Some(path) = &self.own_path
        {
            return Ok(path.clone());
        }
        let name = format!("mailprov-agent-{}", platform.to_lowercase().replace(' ', "-"));
        let searched: Vec<PathBuf> = self.folders.iter().map(|folder| folder.join(&name)).collect();
        let found = searched.iter().find(|path| path.is_file()).cloned();
        found.ok_or_else(|| BinaryError::NoneFor { platform: platform.to_owned(), own: self.own.clone(), searched })
    }
}

/// The XDG base directory specification: `$XDG_DATA_HOME`, else `~/.local/share`.
fn data_home() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| Some(std::env::home_dir()?.join(".local/share")))
}

async fn run_blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, BinaryError> + Send + 'static,
) -> Result<T, BinaryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(BinaryError::Io { path: path.to_owned(), message: error.to_string() }),
    }
}

fn pack(path: &Path) -> Result<Arc<[u8]>, BinaryError> {
    let pack = || -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        io::copy(&mut fs::File::open(path)?, &mut encoder)?;
        encoder.flush()?;
        encoder.finish()
    };
    pack().map(Arc::from).map_err(|error| io_error(path, &error))
}

/// The agent runs where nothing is installed: it must be a Linux ELF of the host's machine that needs no loader.
fn check_elf(path: &Path, machine: &str) -> Result<(), BinaryError> {
    let unfit = |problem: String| BinaryError::Unfit { path: path.to_owned(), problem };
    let mut head = Vec::new();
    let file = fs::File::open(path).map_err(|error| io_error(path, &error))?;
    io::Read::read_to_end(&mut io::Read::take(file, 4096), &mut head).map_err(|error| io_error(path, &error))?;
    let elf = Elf::parse(&head).ok_or_else(|| unfit("it is no 64-bit little-endian ELF".to_owned()))?;
    match elf_machine(machine) {
        Some(expected) if expected != elf.machine => Err(unfit(format!("it is not built for {machine}"))),
        _ if elf.has_interpreter => Err(unfit("it is not static: it needs a dynamic loader".to_owned())),
        _ => Ok(()),
    }
}

/// What matters of an ELF header (System V ABI, "Object Files"; all that we can push is 64-bit little-endian).
struct Elf {
    machine: u16,
    has_interpreter: bool,
}

impl Elf {
    fn parse(head: &[u8]) -> Option<Self> {
        const PT_INTERP: u32 = 3;
        if head.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let half = |at: usize| Some(u16::from_le_bytes(head.get(at..at.checked_add(2)?)?.try_into().ok()?));
        let table = u64::from_le_bytes(head.get(32..40)?.try_into().ok()?);
        let (entry_size, entries) = (usize::from(half(54)?), usize::from(half(56)?));
        let table = usize::try_from(table).ok()?;
        let has_interpreter = (0..entries).any(|index| {
            let kind = table.checked_add(index * entry_size).and_then(|at| head.get(at..at.checked_add(4)?));
            kind == Some(PT_INTERP.to_le_bytes().as_slice())
        });
        Some(Self { machine: half(18)?, has_interpreter })
    }
}

/// `e_machine` for what `uname -m` says.
fn elf_machine(machine: &str) -> Option<u16> {
    match machine {
        "x86_64" => Some(62),
        "aarch64" => Some(183),
        _ => None,
    }
}

/// The Rust target for what `uname -sm` says.
fn rust_target(platform: &str) -> Option<&'static str> {
    match platform {
        "Linux x86_64" => Some("x86_64-unknown-linux-gnu"),
        "Linux aarch64" => Some("aarch64-unknown-linux-gnu"),
        _ => None,
    }
}

fn io_error(path: &Path, error: &io::Error) -> BinaryError {
    BinaryError::Io { path: path.to_owned(), message: error.to_string() }
}

fn join(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test makes its files")]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    /// An ELF header with one program header of this type.
    fn elf(machine: u16, segment: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1_u16.to_le_bytes());
        bytes[64..68].copy_from_slice(&segment.to_le_bytes());
        bytes
    }

    #[test]
    fn only_static_binaries_of_the_right_machine_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        for (bytes, machine, expected) in [
            (elf(62, 1), "x86_64", Ok(())),
            (elf(183, 1), "aarch64", Ok(())),
            (elf(62, 3), "x86_64", Err("it is not static: it needs a dynamic loader")),
            (elf(62, 1), "aarch64", Err("it is not built for aarch64")),
            (b"#!/bin/sh\n".to_vec(), "x86_64", Err("it is no 64-bit little-endian ELF")),
        ] {
            fs::write(&path, bytes).unwrap();
            let expected =
                expected.map_err(|problem| BinaryError::Unfit { path: path.clone(), problem: problem.to_owned() });
            assert_eq!(check_elf(&path, machine), expected);
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_parser_panic(
            mut bytes in prop::collection::vec(any::<u8>(), 0..128),
            magic in any::<bool>(),
        ) {
            if magic && bytes.len() > 6 {
                bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
            }
            Elf::parse(&bytes);
        }
    }

    #[tokio::test]
    async fn this_program_is_its_own_agent() {
        let binaries = Binaries::of_this_process();
        let binary = binaries.for_platform(binaries.own_platform()).await.unwrap();
        let content = fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(binary.size, content.len() as u64);
        assert_eq!(binary.digest.len(), 64);
        let again = binaries.for_platform(binaries.own_platform()).await.unwrap();
        assert!(Arc::ptr_eq(&binary, &again), "it is digested once");
    }

    #[tokio::test]
    async fn what_is_packed_unpacks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent");
        fs::write(&path, b"abc").unwrap();
        let binary = AgentBinary::from_file(&path).unwrap();
        assert_eq!(binary.digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let packed = binary.packed().await.unwrap();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*packed).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, b"abc");
    }

    #[tokio::test]
    async fn a_foreign_platform_is_told_where_its_agent_belongs() {
        let folders = ["/usr/bin", "/home/me/.local/share/mailprov/agents"].map(PathBuf::from).to_vec();
        let own = "Linux x86_64".to_owned();
        let binaries = Binaries { own, own_path: None, folders, known: Mutex::default() };
        let error = binaries.for_platform("Linux aarch64").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no agent for Linux aarch64 (this is Linux x86_64; looked for /usr/bin/mailprov-agent-linux-aarch64, \
             /home/me/.local/share/mailprov/agents/mailprov-agent-linux-aarch64)"
        );
        assert!(error.hint().unwrap().contains("--target aarch64-unknown-linux-gnu"));
    }
}
