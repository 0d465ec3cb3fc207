//! The last good artifacts on disk, for a start while nothing can be reached.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

/// What a shelf gives back at most.
const MOST: u64 = 256 << 20;

/// A folder with the last good artifact of each surface, and the serial number of the last manifest that was taken.
///
/// Files are replaced whole: whenever the machine stops, the one before or the one after is there.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// A shelf in a folder, which is made when something is put there.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The artifact of a surface, if there is one. Its bytes prove themselves.
    #[must_use]
    pub fn artifact(&self, surface: &str) -> Option<Vec<u8>> {
        self.read(&format!("{surface}.bin"))
    }

    /// The serial number of the last manifest that was taken.
    #[must_use]
    pub fn serial(&self) -> Option<u64> {
        String::from_utf8(self.read("serial")?).ok()?.trim().parse().ok()
    }

    /// Keeps the artifact of a surface.
    ///
    /// # Errors
    /// What the disk refused.
    pub fn keep(&self, surface: &str, artifact: &[u8]) -> io::Result<()> {
        self.write(&format!("{surface}.bin"), artifact)
    }

    /// Keeps a serial number.
    ///
    /// # Errors
    /// What the disk refused.
    pub fn keep_serial(&self, serial: u64) -> io::Result<()> {
        self.write("serial", format!("{serial}\n").as_bytes())
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.folder.join(name)).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Writes beside the place and moves it there, so that nobody ever reads a part.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let beside = self.folder.join(format!(".{name}.{}", std::process::id()));
        let mut file = File::create(&beside)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let moved = written.and_then(|()| fs::rename(&beside, self.folder.join(name)));
        moved.inspect_err(|_| drop(fs::remove_file(&beside)))
    }
}
