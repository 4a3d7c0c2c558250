//! One module a command.

pub(crate) mod bench;
pub(crate) mod ci;
pub(crate) mod compare;
pub(crate) mod golden;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod report;
pub(crate) mod rerun;
pub(crate) mod run;
