//! Zeros around maps, as those of the convolution that meets them.

use ann::{Conv2d, Margins, Padding, Shape};

/// No zeros.
pub(super) const NO_MARGINS: Margins = Margins { top: 0, bottom: 0, left: 0, right: 0 };

/// A convolution that takes the margins of its input as padding.
pub(super) fn padded(conv: &Conv2d<f32>, input: Shape, outer: Margins) -> Conv2d<f32> {
    if outer == NO_MARGINS {
        return conv.clone();
    }
    conv.clone().with_padding(Padding::Explicit(sum(conv.margins(input), outer)))
}

/// The margins of a map within margins.
pub(super) fn sum(inner: Margins, outer: Margins) -> Margins {
    Margins {
        top: inner.top + outer.top,
        bottom: inner.bottom + outer.bottom,
        left: inner.left + outer.left,
        right: inner.right + outer.right,
    }
}

/// The shape of a map without its margins.
pub(super) fn input_without(input: Shape, margins: Margins) -> Shape {
    let (height, width) = (input.height - margins.top - margins.bottom, input.width - margins.left - margins.right);
    Shape::new(height, width, input.channels)
}
