//! Arrays by name from a NumPy archive (.npz).

use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest array that is read (bytes): a data set of 60,000 colour images of 32x32 as f64 has 1.5 GB.
const LIMIT: u64 = 1 << 31;

/// Numbers of an array.
#[derive(Debug)]
pub struct Numbers {
    /// Shape of the whole array.
    pub shape: Vec<u64>,
    /// The numbers that were asked for, in C order.
    pub values: Vec<f32>,
    /// Whether their type has whole numbers only.
    pub are_whole: bool,
}

/// Longest header of an array (bytes).
const LONGEST_HEADER: usize = 1 << 16;

/// An open archive.
#[derive(Debug)]
pub struct Archive(zip::ZipArchive<File>);

impl Archive {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Fails on files that cannot be read or are no archives.
    pub fn open(path: &Path) -> Result<Archive> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let archive = zip::ZipArchive::new(file).with_context(|| format!("{} is no .npz archive", path.display()))?;
        Ok(Archive(archive))
    }

    /// The array of a name, whose shape must be the given one; its elements in C order.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, damaged, or of another type or shape.
    pub fn array<T: npyz::Deserialize>(&mut self, name: &str, shape: &[u64]) -> Result<Vec<T>> {
        let (found, values) = self.any(name)?;
        ensure!(found == shape, "the array {name} has the shape {found:?}, expected {shape:?}");
        Ok(values)
    }

    /// The array of a name, of any shape.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, damaged, or of another type.
    pub fn any<T: npyz::Deserialize>(&mut self, name: &str) -> Result<(Vec<u64>, Vec<T>)> {
        let file = self.file(name)?;
        let shape = file.shape().to_vec();
        Ok((shape, file.into_vec().with_context(|| format!("the array {name} has another type than expected"))?))
    }

    /// The first `rows` entries along the first axis of an array of numbers, of any shape and any usual type; the shape is that of the
    /// whole array. Also whether the numbers are whole by their type.
    ///
    /// # Errors
    ///
    /// Fails if it is missing, damaged, or of another type.
    pub fn numbers(&mut self, name: &str, rows: usize) -> Result<Numbers> {
        fn read<T: npyz::Deserialize>(
            file: npyz::NpyFile<impl Read>,
            count: u64,
            number: fn(T) -> f32,
        ) -> Result<Vec<f32>> {
            let values = file.data::<T>()?.take(count as usize);
            Ok(values.map(|value| value.map(number)).collect::<std::io::Result<_>>()?)
        }
        let file = self.file(name)?;
        let shape = file.shape().to_vec();
        let row = shape.iter().skip(1).product::<u64>();
        let count = row * shape.first().map_or(1, |&all| all.min(rows as u64));
        let kind = file.dtype().descr();
        let values = match kind.trim_matches('\'').trim_start_matches(['<', '|', '=']) {
            "u1" => read::<u8>(file, count, f32::from),
            "i1" => read::<i8>(file, count, f32::from),
            "u2" => read::<u16>(file, count, f32::from),
            "i2" => read::<i16>(file, count, f32::from),
            "u4" => read::<u32>(file, count, |number| number as f32),
            "i4" => read::<i32>(file, count, |number| number as f32),
            "u8" => read::<u64>(file, count, |number| number as f32),
            "i8" => read::<i64>(file, count, |number| number as f32),
            "f4" => read::<f32>(file, count, |number| number),
            "f8" => read::<f64>(file, count, |number| number as f32),
            _ => bail!(
                "the array {name} is of type {kind}: expected whole numbers of 1 to 8 bytes, or real ones of 4 or 8"
            ),
        };
        let values = values.with_context(|| format!("the array {name} is damaged"))?;
        Ok(Numbers { shape, values, are_whole: !kind.contains('f') })
    }

    /// The array of a name, at the start of its values.
    fn file(&mut self, name: &str) -> Result<npyz::NpyFile<impl Read>> {
        let entry =
            self.0.by_name(&format!("{name}.npy")).with_context(|| format!("the archive has no array {name}"))?;
        let mut entry = entry.take(LIMIT);
        let damaged = || format!("the array {name} is damaged");
        let header = header(&mut entry).with_context(damaged)?;
        let file = npyz::NpyFile::new(std::io::Cursor::new(header).chain(entry)).with_context(damaged)?;
        ensure!(file.order() == npyz::Order::C, "the array {name} is in Fortran order, expected C order");
        Ok(file)
    }

    /// The name of the only array.
    ///
    /// # Errors
    ///
    /// Fails if there are several, or none.
    pub fn only(&self) -> Result<String> {
        let names = self.0.file_names().flatten();
        let names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".npy")?.to_owned())).collect();
        match &names[..] {
            [name] => Ok(name.clone()),
            _ => bail!("the archive has the arrays {names:?}, expected one"),
        }
    }
}

/// The header of an array, which claims no more values than could be there.
fn header(array: &mut impl Read) -> Result<Vec<u8>> {
    let mut header = vec![0; 12];
    array.read_exact(&mut header)?;
    // Version 1 has two bytes for the length, later ones four.
    let (length, read) = match header[6] {
        1 => (usize::from(u16::from_le_bytes([header[8], header[9]])), 2),
        _ => (u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize, 0),
    };
    ensure!((read..=LONGEST_HEADER).contains(&length), "its header has {length} bytes");
    let start = header.len();
    header.resize(start + length - read, 0);
    array.read_exact(&mut header[start..])?;
    let text = String::from_utf8_lossy(&header);
    let shape =
        text.split_once("shape").and_then(|(_, rest)| rest.split_once('(')).and_then(|(_, rest)| rest.split_once(')'));
    let (shape, _) = shape.context("it has no shape")?;
    let lengths = shape.split(',').map(str::trim).filter(|length| !length.is_empty()).map(str::parse::<u64>);
    // Zeros apart, which would hide what the strides come to.
    let values =
        lengths.map(|length| length.ok()).try_fold(1, |product: u64, length| product.checked_mul(length?.max(1)));
    ensure!(values.is_some_and(|values| values <= LIMIT), "its shape is ({shape})");
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::header;

    fn array(shape: &str) -> Vec<u8> {
        let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat()
    }

    #[test]
    fn headers_that_claim_too_much_are_refused() {
        for shape in ["()", "(3,)", "(2, 3)", "(0, 7)"] {
            assert_eq!(header(&mut &array(shape)[..]).unwrap(), array(shape));
        }
        for shape in ["(1099511627776, 1099511627776, 4)", "(0, 99999999999999999999)", "(-1,)", "(4294967296,)", "3"] {
            assert!(header(&mut &array(shape)[..]).is_err(), "{shape}");
        }
        assert!(header(&mut &array("(3,)")[..20]).is_err());
    }
}
