//! Measurements that several figures share: each condition is measured once.

use super::condition::{Condition, Effort, Measured};
use super::fits::Fitted;
use super::published::Published;
use crate::run::Interrupt;
use anyhow::Result;
use std::sync::Arc;

/// What has been published and measured so far.
pub(super) struct Laboratory {
    pub(super) published: Published,
    pub(super) effort: Effort,
    pub(super) interrupt: Interrupt,
    measured: Vec<(Condition, Arc<Vec<Measured>>)>,
    fitted: Vec<(Condition, Fitted)>,
}

impl Laboratory {
    pub(super) fn new(effort: Effort, interrupt: Interrupt) -> Result<Laboratory> {
        let published = Published::read()?;
        Ok(Laboratory { published, effort, interrupt, measured: Vec::new(), fitted: Vec::new() })
    }

    /// The points of a condition, measured when they are first asked for.
    pub(super) fn measured(&mut self, condition: Condition) -> Result<Arc<Vec<Measured>>> {
        if let Some((_, points)) = self.measured.iter().find(|(known, _)| *known == condition) {
            return Ok(Arc::clone(points));
        }
        let points = Arc::new(condition.measure(&self.effort, &self.interrupt)?);
        self.measured.push((condition, Arc::clone(&points)));
        Ok(points)
    }

    /// Noisy Softplus fitted to a condition.
    pub(super) fn fitted(&mut self, condition: Condition) -> Result<Fitted> {
        if let Some((_, fitted)) = self.fitted.iter().find(|(known, _)| *known == condition) {
            return Ok(*fitted);
        }
        let fitted = Fitted::new(condition.drive, &self.measured(condition)?, self.effort.seed)?;
        self.fitted.push((condition, fitted));
        Ok(fitted)
    }
}
