//! Result files: written whole or not at all, and telling how they were made.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::figure::{Figure, FigureError, Panels, Plate};

/// How a result was made; part of every result file.
#[derive(Debug, Clone, Serialize)]
pub struct Provenance {
    /// Name of the program.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The command line, as it was given.
    pub command_line: String,
    /// Seed of all random numbers, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

impl Provenance {
    /// Of this process.
    pub fn of(program: &'static str, seed: Option<u64>) -> Provenance {
        let arguments = std::env::args_os().skip(1).map(|argument| {
            let argument = argument.to_string_lossy().into_owned();
            if argument.contains(char::is_whitespace) { format!("'{argument}'") } else { argument }
        });
        let command_line = std::iter::once(program.to_owned()).chain(arguments).collect::<Vec<_>>().join(" ");
        Provenance { program, version: env!("CARGO_PKG_VERSION"), command_line, seed }
    }
}

/// Writes a file through a temporary one in the same folder, so that an existing file is replaced whole or left alone.
///
/// # Errors
///
/// Fails if the folder cannot be written to.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(contents)?;
        file.as_file().sync_all()?;
        make_readable(&file)?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Gives a temporary file, which is private at first, the usual permissions of a result.
#[cfg(unix)]
fn make_readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

/// A folder that takes the files of one result.
#[derive(Debug)]
pub struct ResultFolder {
    path: PathBuf,
}

impl ResultFolder {
    /// Opens the folder, creating it if need be.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be created.
    pub fn open(path: &Path) -> Result<ResultFolder> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot create the folder {}", path.display()))?;
        Ok(ResultFolder { path: path.to_owned() })
    }

    /// Writes `NAME.json`.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be written to.
    pub fn json(&self, name: &str, document: &impl Serialize) -> Result<()> {
        self.bytes(&format!("{name}.json"), json_text(document)?.as_bytes())
    }

    /// Writes `NAME.csv`, headed by comment lines with the provenance.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be written to.
    pub fn csv(&self, name: &str, made: &Provenance, columns: &[&str], rows: &[Vec<String>]) -> Result<()> {
        self.csv_lines(name, made, columns, rows.iter().map(|row| row.join(",")))
    }

    /// As [`ResultFolder::csv`], of lines that are made one after the other.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be written to.
    pub fn csv_lines(
        &self,
        name: &str,
        made: &Provenance,
        columns: &[&str],
        lines: impl Iterator<Item = String>,
    ) -> Result<()> {
        let seed = made.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
        let mut text = format!("# {} {}{seed}\n# {}\n", made.program, made.version, made.command_line);
        for line in std::iter::once(columns.join(",")).chain(lines) {
            text.push_str(&line);
            text.push('\n');
        }
        self.bytes(&format!("{name}.csv"), text.as_bytes())
    }

    /// Writes `NAME.svg` and `NAME.png`.
    ///
    /// # Errors
    ///
    /// Fails if the figure cannot be drawn or the folder cannot be written to.
    pub fn figure(&self, name: &str, figure: &Figure) -> Result<()> {
        self.drawing(name, figure.svg(), figure.png())
    }

    /// As [`ResultFolder::figure`], of several figures one below the other.
    ///
    /// # Errors
    ///
    /// Fails if the figures cannot be drawn or the folder cannot be written to.
    pub fn panels(&self, name: &str, panels: &Panels) -> Result<()> {
        self.drawing(name, panels.svg(), panels.png())
    }

    /// As [`ResultFolder::figure`], of a plate of figures.
    ///
    /// # Errors
    ///
    /// Fails if the figures cannot be drawn or the folder cannot be written to.
    pub fn plate(&self, name: &str, plate: &Plate) -> Result<()> {
        self.drawing(name, plate.svg(), plate.png())
    }

    fn drawing(&self, name: &str, svg: Result<String, FigureError>, png: Result<Vec<u8>, FigureError>) -> Result<()> {
        let context = || format!("cannot draw the figure {name}");
        self.bytes(&format!("{name}.svg"), svg.with_context(context)?.as_bytes())?;
        self.bytes(&format!("{name}.png"), &png.with_context(context)?)
    }

    /// Writes a file of this name.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be written to.
    pub fn bytes(&self, name: &str, contents: &[u8]) -> Result<()> {
        write_file(&self.path.join(name), contents)
    }

    /// Where the files are.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A JSON document as it is printed and stored, with a final newline.
///
/// # Errors
///
/// Fails only for documents that JSON cannot express.
pub fn json_text(document: &impl Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(document).context("cannot express the result in JSON")?;
    text.push('\n');
    Ok(text)
}

/// A number for CSV: shortest text that reads back to the same value; empty if it is not finite.
pub fn csv_number(x: f64) -> String {
    if x.is_finite() { format!("{x}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        write_file(&path, b"old").unwrap();
        assert!(write_file(&folder.path().join("missing").join("result.json"), b"new").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        write_file(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
