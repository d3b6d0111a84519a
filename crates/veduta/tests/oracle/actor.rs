//! An actor: this program again, doing with the library what it is told.

use crate::world::{self, MARK, Remains};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use veduta::{Disposition, Namespace, Section, SectionAccess, SectionOptions, View};
use veduta_model::{Operation, Outcome, Protection, Rights, ViewAccess};

/// Where the files are that sections are made of.
pub(crate) const FILES: &str = "VEDUTA_ORACLE_FILES";

/// What an actor is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Answered with an [`Outcome`].
    Do(Operation),
    /// Answered with [`Remains`].
    Sweep,
}

/// The name of a file.
pub(crate) fn file_path(files: &Path, file: usize) -> PathBuf {
    files.join(format!("file{file}"))
}

#[test]
#[ignore = "a role: the oracle starts it"]
fn role_actor() {
    let mut actor = Actor::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("orders are text");
        let answer = match serde_json::from_str(&line).expect("it is an order") {
            Order::Do(operation) => {
                serde_json::to_string(&actor.perform(&operation).unwrap_or_else(|refused| refused))
            }
            Order::Sweep => serde_json::to_string(&Remains::sweep(actor.namespace.as_ref())),
        };
        println!("{MARK}{}", answer.expect("it can be written"));
    }
}

struct Actor {
    namespace: Option<Namespace>,
    files: PathBuf,
    sections: BTreeMap<u8, Section>,
    views: BTreeMap<u8, View>,
}

/// What is refused is an outcome like any other.
struct Refusal(Outcome);

impl From<veduta::Error> for Refusal {
    fn from(error: veduta::Error) -> Refusal {
        Refusal(Outcome::Refused(error.code().get()))
    }
}

impl Actor {
    fn new() -> Actor {
        Actor {
            namespace: world::private(),
            files: std::env::var_os(FILES).expect("the oracle says where they are").into(),
            sections: BTreeMap::new(),
            views: BTreeMap::new(),
        }
    }

    fn perform(&mut self, operation: &Operation) -> Result<Outcome, Outcome> {
        self.attempt(operation).map_err(|Refusal(outcome)| outcome)
    }

    fn attempt(&mut self, operation: &Operation) -> Result<Outcome, Refusal> {
        match *operation {
            Operation::Create { slot, ref name, size, protection } => {
                self.sections.remove(&slot);
                let (section, disposition) = self.options(size, protection).create(name)?;
                self.sections.insert(slot, section);
                Ok(outcome(disposition))
            }
            Operation::CreateNew { slot, ref name, size, protection } => {
                self.sections.remove(&slot);
                let section = self.options(size, protection).create_new(name)?;
                self.sections.insert(slot, section);
                Ok(Outcome::Created)
            }
            Operation::CreateUnnamed { slot, size, protection } => {
                self.sections.remove(&slot);
                let section = self.options(size, protection).create_unnamed()?;
                self.sections.insert(slot, section);
                Ok(Outcome::Created)
            }
            Operation::CreateOnFile { slot, ref name, file, size, protection, file_writable } => {
                self.sections.remove(&slot);
                let path = file_path(&self.files, file.into());
                let file = File::options().read(true).write(file_writable).open(path);
                let file = file.expect("the file is there");
                let mut options = self.options(size, protection);
                options.file(&file);
                let (section, disposition) = match name {
                    Some(name) => options.create(name)?,
                    None => (options.create_unnamed()?, Disposition::Created),
                };
                self.sections.insert(slot, section);
                Ok(outcome(disposition))
            }
            Operation::Open { slot, ref name, access } => {
                self.sections.remove(&slot);
                let section = self.open(name, access)?;
                self.sections.insert(slot, section);
                Ok(Outcome::Done)
            }
            Operation::Duplicate { from, to, access } => {
                self.sections.remove(&to);
                let section = self.section(from)?.try_clone_with(rights(access))?;
                self.sections.insert(to, section);
                Ok(Outcome::Done)
            }
            Operation::Close { slot } => {
                self.sections.remove(&slot).ok_or(Refusal(Outcome::Vacant))?;
                Ok(Outcome::Done)
            }
            Operation::Map { slot, view, access, offset, len } => {
                self.views.remove(&view);
                let options = self.section(slot)?.view().access(to_library(access)).offset(offset);
                let mapped = match len {
                    Some(len) => options.len(len).map()?,
                    None => options.map()?,
                };
                let len = mapped.len() as u64;
                self.views.insert(view, mapped);
                Ok(Outcome::Mapped(len))
            }
            Operation::Unmap { view } => {
                self.views.remove(&view).ok_or(Refusal(Outcome::Vacant))?;
                Ok(Outcome::Done)
            }
            Operation::Write { view, offset, ref bytes } => {
                self.view(view)?.write_at(offset as usize, bytes)?;
                Ok(Outcome::Done)
            }
            Operation::Read { view, offset, len } => {
                let mut bytes = vec![0xA5; len as usize];
                self.view(view)?.read_at(offset as usize, &mut bytes)?;
                Ok(Outcome::bytes(&bytes))
            }
            Operation::Fill { view, offset, len, byte } => {
                self.view(view)?.fill(range(offset, len), byte)?;
                Ok(Outcome::Done)
            }
            Operation::CopyBetween { from, from_offset, len, to, to_offset } => {
                let source = self.view(from)?;
                self.view(to)?.copy_from(to_offset as usize, source, range(from_offset, len))?;
                Ok(Outcome::Done)
            }
            Operation::Compare { view, offset, len, other, other_offset } => {
                let one = self.view(view)?;
                let at = one.compare(range(offset, len), self.view(other)?, other_offset as usize)?;
                Ok(Outcome::Difference(at.map(|at| at as u64)))
            }
            Operation::Protect { view, offset, len, access } => {
                let view = self.views.get_mut(&view).ok_or(Refusal(Outcome::Vacant))?;
                Ok(Outcome::Was(of_library(view.protect(range(offset, len), to_library(access))?)))
            }
            Operation::Facts { slot } => {
                let section = self.section(slot)?;
                let (protections, protection) = (veduta::Protection::ALL, section.protection());
                let index = protections.iter().position(|&other| other == protection);
                Ok(Outcome::Facts {
                    size: section.len(),
                    protection: Protection::ALL[index.expect("it is one of all")],
                    access: Rights(section.access().bits()),
                })
            }
            Operation::Exists { ref name } => {
                self.open(name, Rights::READ)?;
                Ok(Outcome::Done)
            }
            Operation::Kill => unreachable!("that is not done by who is killed"),
        }
    }

    fn options(&self, size: u64, protection: Protection) -> SectionOptions<'_> {
        let mut options = Section::options();
        options.size(size).protection(veduta::Protection::ALL[protection as usize]);
        if let Some(namespace) = &self.namespace {
            options.namespace(namespace);
        }
        options
    }

    fn open(&self, name: &str, access: Rights) -> Result<Section, Refusal> {
        let mut options = Section::options();
        if let Some(namespace) = &self.namespace {
            options.namespace(namespace);
        }
        Ok(options.access(rights(access)).open(name)?)
    }

    fn section(&self, slot: u8) -> Result<&Section, Refusal> {
        self.sections.get(&slot).ok_or(Refusal(Outcome::Vacant))
    }

    fn view(&self, view: u8) -> Result<&View, Refusal> {
        self.views.get(&view).ok_or(Refusal(Outcome::Vacant))
    }
}

pub(crate) fn outcome(disposition: Disposition) -> Outcome {
    match disposition {
        Disposition::Created => Outcome::Created,
        Disposition::Opened => Outcome::Opened,
    }
}

fn rights(rights: Rights) -> SectionAccess {
    SectionAccess::from_bits(rights.0).expect("both have the bits of Windows")
}

fn to_library(access: ViewAccess) -> veduta::ViewAccess {
    veduta::ViewAccess::ALL[access as usize]
}

fn of_library(access: veduta::ViewAccess) -> ViewAccess {
    ViewAccess::ALL[access as usize]
}

fn range(offset: u64, len: u64) -> std::ops::Range<usize> {
    offset as usize..offset.saturating_add(len) as usize
}

#[test]
fn words_mean_the_same_in_the_model_and_the_library() {
    for protection in Protection::ALL {
        let library = veduta::Protection::ALL[protection as usize];
        assert_eq!(format!("{protection:?}"), format!("{library:?}"));
    }
    for access in ViewAccess::ALL {
        assert_eq!(format!("{access:?}"), format!("{:?}", to_library(access)));
        assert_eq!(of_library(to_library(access)), access);
    }
}
