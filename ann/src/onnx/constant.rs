//! Constants of an ONNX graph: weights, and lists of sizes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use half::{bf16, f16};

use crate::onnx::message::Tensor;

/// A constant tensor, its values in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values,
}

/// The values of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// Types of values, by their numbers in the file.
#[derive(Clone, Copy)]
enum DataType {
    Float,
    Float16,
    Bfloat16,
    Double,
    Int32,
    Int64,
}

impl DataType {
    fn of(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Float,
            6 => Self::Int32,
            7 => Self::Int64,
            10 => Self::Float16,
            11 => Self::Double,
            16 => Self::Bfloat16,
            _ => return None,
        })
    }

    /// The values that little-endian bytes hold.
    fn values(self, bytes: &[u8]) -> Values {
        match self {
            Self::Float => Values::Floats(each(bytes, f32::from_le_bytes)),
            Self::Float16 => Values::Floats(each(bytes, |bytes| f16::from_le_bytes(bytes).to_f32())),
            Self::Bfloat16 => Values::Floats(each(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32())),
            Self::Double => Values::Floats(each(bytes, |bytes| f64::from_le_bytes(bytes) as f32)),
            Self::Int32 => Values::Integers(each(bytes, |bytes| i64::from(i32::from_le_bytes(bytes)))),
            Self::Int64 => Values::Integers(each(bytes, i64::from_le_bytes)),
        }
    }

    /// Bytes per value.
    fn size(self) -> usize {
        match self {
            Self::Float16 | Self::Bfloat16 => 2,
            Self::Float | Self::Int32 => 4,
            Self::Double | Self::Int64 => 8,
        }
    }
}

fn each<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&bytes| value(bytes)).collect()
}

impl Constant {
    /// A list of integers.
    pub(crate) fn list(integers: Vec<i64>) -> Self {
        Self { shape: vec![integers.len()], values: Values::Integers(integers) }
    }

    /// A tensor of the file `model`; the message of an error says what is wrong with it.
    pub(crate) fn of(tensor: &Tensor, model: &Path) -> Result<Self, String> {
        let Some(kind) = DataType::of(tensor.data_type) else {
            let number = tensor.data_type;
            return Err(format!("data type {number} is not supported; export the model in float32"));
        };
        let sizes: Option<Vec<usize>> = tensor.sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        let number = |sizes: &Vec<usize>| sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        let Some((shape, number)) = sizes.and_then(|sizes| number(&sizes).map(|number| (sizes, number))) else {
            return Err(format!("a shape of {:?} is impossible", tensor.sizes));
        };
        let values = if tensor.location == 1 {
            kind.values(&external(tensor, model, number.checked_mul(kind.size()))?)
        } else if !tensor.raw.is_empty() {
            if !tensor.raw.len().is_multiple_of(kind.size()) {
                return Err(format!("{} bytes are no whole number of values", tensor.raw.len()));
            }
            kind.values(&tensor.raw)
        } else {
            let bits = || tensor.words.iter().map(|&word| word as u16);
            match kind {
                DataType::Float => Values::Floats(tensor.floats.clone()),
                DataType::Float16 => Values::Floats(bits().map(|bits| f16::from_bits(bits).to_f32()).collect()),
                DataType::Bfloat16 => Values::Floats(bits().map(|bits| bf16::from_bits(bits).to_f32()).collect()),
                DataType::Double => Values::Floats(tensor.doubles.iter().map(|&value| value as f32).collect()),
                DataType::Int32 => Values::Integers(tensor.words.iter().map(|&word| i64::from(word)).collect()),
                DataType::Int64 => Values::Integers(tensor.integers.clone()),
            }
        };
        let found = values.len();
        if found != number {
            return Err(format!("its shape {shape:?} asks for {number} values, found {found}"));
        }
        Ok(Self { shape, values })
    }
}

/// The bytes of a tensor in another file, which lies beside the model or in a folder there.
fn external(tensor: &Tensor, model: &Path, length: Option<usize>) -> Result<Vec<u8>, String> {
    let entry = |key: &str| tensor.external.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
    let Some(location) = entry("location") else {
        return Err("its values are in another file, whose name is missing; export the model again".to_owned());
    };
    let inside = Path::new(location).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(format!("its values are in {location:?}, which is not beside the model; put that file there"));
    }
    let path = model.parent().unwrap_or(Path::new("")).join(location);
    let place = path.display();
    let numbers: Option<(u64, usize)> = (|| {
        let offset = entry("offset").map_or(Some(0), |text| text.parse().ok())?;
        let length = length?;
        let stated = entry("length").map_or(Some(length), |text| text.parse().ok())?;
        (stated == length).then_some((offset, length))
    })();
    let Some((offset, length)) = numbers else {
        return Err(format!("its place in {place} is impossible; export the model again"));
    };
    let read = || {
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        // What the model claims is not to be trusted: no more is taken than there is.
        file.take(length as u64).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    match read() {
        Ok(bytes) if bytes.len() == length => Ok(bytes),
        Ok(bytes) => Err(format!("{place} has {} of its {length} bytes; copy the file again", bytes.len())),
        Err(error) => Err(format!("its values are in {place}: {error}; put that file beside the model")),
    }
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Integers(values) => values.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits of 1.5 in every type that weights may have (IEEE 754; bfloat16 is the upper half of a float).
    #[test]
    fn types_of_weights() {
        let path = Path::new("model.onnx");
        let bytes: [(i32, &[u8]); 4] =
            [(1, &[0, 0, 0xc0, 0x3f]), (10, &[0, 0x3e]), (11, &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), (16, &[0xc0, 0x3f])];
        for (data_type, raw) in bytes {
            let tensor = Tensor { sizes: vec![1, 1], data_type, raw: raw.to_vec(), ..Tensor::default() };
            let constant = Constant::of(&tensor, path).unwrap();
            assert_eq!(constant, Constant { shape: vec![1, 1], values: Values::Floats(vec![1.5]) });
        }
        let half = Tensor { data_type: 10, words: vec![0x3e00], ..Tensor::default() };
        assert_eq!(Constant::of(&half, path).unwrap().values, Values::Floats(vec![1.5]));
        let double = Tensor { data_type: 11, doubles: vec![1.5], ..Tensor::default() };
        assert_eq!(Constant::of(&double, path).unwrap().values, Values::Floats(vec![1.5]));
    }

    #[test]
    fn shapes_that_do_not_fit_their_values() {
        let path = Path::new("model.onnx");
        let tensor =
            |sizes: &[i64]| Tensor { sizes: sizes.to_vec(), data_type: 1, floats: vec![1.0], ..Tensor::default() };
        assert!(Constant::of(&tensor(&[1]), path).is_ok());
        for sizes in [&[2][..], &[-1], &[i64::MAX, i64::MAX], &[0]] {
            assert!(Constant::of(&tensor(sizes), path).is_err(), "{sizes:?}");
        }
        let text = Tensor { data_type: 8, ..Tensor::default() };
        assert!(Constant::of(&text, path).unwrap_err().contains("float32"));
    }

    #[test]
    fn values_in_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model.onnx");
        std::fs::write(folder.path().join("model.onnx.data"), [9, 9, 0, 0, 0xc0, 0x3f]).unwrap();
        let tensor = |location: &str, offset: &str, size: i64| {
            let entry = |key: &str, value: &str| crate::onnx::message::Entry { key: key.into(), value: value.into() };
            let external = vec![entry("location", location), entry("offset", offset)];
            Tensor { sizes: vec![size], data_type: 1, location: 1, external, ..Tensor::default() }
        };
        let read = Constant::of(&tensor("model.onnx.data", "2", 1), &model).unwrap();
        assert_eq!(read.values, Values::Floats(vec![1.5]));
        for (location, offset, size, word) in [
            ("model.onnx.data", "2", 1 << 50, "copy"),
            ("model.onnx.data", "-2", 1, "impossible"),
            ("other", "0", 1, "put that file"),
            ("../model.onnx.data", "0", 1, "not beside"),
            ("/etc/passwd", "0", 1, "not beside"),
        ] {
            let message = Constant::of(&tensor(location, offset, size), &model).unwrap_err();
            assert!(message.contains(word), "{message}");
        }
    }
}
