//! The error of a step that had to succeed.

use std::fmt;

use nix::errno::Errno;

use crate::obstacle::Obstacle;

/// Returns a function that makes a [`ProcessFault`] of the kernel's error.
pub(crate) fn fault(step: &'static str) -> impl Fn(Errno) -> ProcessFault {
    move |errno| ProcessFault::new(step, errno, Obstacle::to_call(errno))
}

/// The failure of a step that the worker needs: it must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessFault {
    step: &'static str,
    errno: Errno,
    /// The setting of the host's service that forbids the step, if it is known.
    obstacle: Option<Obstacle>,
}

impl ProcessFault {
    pub(crate) fn new(step: &'static str, errno: Errno, obstacle: Option<Obstacle>) -> Self {
        Self {
            step,
            errno,
            obstacle,
        }
    }
}

impl fmt::Display for ProcessFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.step)?;
        match &self.obstacle {
            Some(obstacle) => obstacle.fmt(f),
            None => f.write_str(self.errno.desc()),
        }
    }
}

impl std::error::Error for ProcessFault {}
