//! The boards of one platform and their menus.

use std::collections::HashMap;

use fbuild_model::Properties;

use super::suggest;
use crate::error::BoardError;
use crate::fqbn::Fqbn;

/// A board as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardEntry {
    /// `vendor:architecture:board`.
    pub fqbn: String,
    /// The board's name for people; its id if it has none.
    pub name: String,
    /// Whether the platform asks not to list it.
    pub hidden: bool,
    /// The platform's version; may be empty.
    pub version: String,
    /// The board's menus, in the platform's order.
    pub menus: Vec<Menu>,
}

/// One option of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// The option's id: `cpu`.
    pub option: String,
    /// Its title for people: `Processor`.
    pub title: String,
    /// Value ids and labels that can be chosen, in order.
    pub values: Vec<(String, String)>,
    /// The value that applies when none is given.
    pub default: String,
}

/// boards.txt, cut into boards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Boards {
    /// Ids in the file's order.
    ids: Vec<String>,
    properties: HashMap<String, Properties>,
    /// Option ids and titles, in the order in which they are declared.
    menus: Properties,
}

impl Boards {
    /// Cuts the merged file: every first-level key but `menu` is a board.
    pub(crate) fn new(file: Properties) -> Self {
        let mut boards = Self::default();
        for (id, properties) in file.by_first_level() {
            if id == "menu" {
                boards.menus = properties;
            } else if !properties.is_empty() {
                boards.ids.push(id.to_owned());
                boards.properties.insert(id.to_owned(), properties);
            }
        }
        boards
    }

    /// Returns the ids of all boards, in the file's order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(String::as_str)
    }

    /// Returns a board's own properties, without any option's.
    pub(crate) fn get(&self, id: &str) -> Option<&Properties> {
        self.properties.get(id)
    }

    /// Returns the options of a board that the platform declares, in the order of declaration.
    pub(crate) fn menus(&self, id: &str) -> Vec<Menu> {
        let Some(menu) = self.get(id).map(|board| board.sub_tree("menu")) else {
            return Vec::new();
        };
        let own: HashMap<&str, Properties> = menu.by_first_level().into_iter().collect();
        let declared = self
            .menus
            .iter()
            .filter_map(|(option, title)| Some((option, title, own.get(option)?)));
        declared
            .map(|(option, title, tree)| {
                let all = tree.first_level_keys();
                let values: Vec<(String, String)> = all
                    .iter()
                    .filter_map(|&value| Some((value.to_owned(), tree.get(value)?.to_owned())))
                    .collect();
                // A first value without a label cannot be chosen; the first that can is the only useful default then.
                let default = values
                    .first()
                    .map_or_else(String::new, |(value, _)| value.clone());
                Menu {
                    option: option.to_owned(),
                    title: title.to_owned(),
                    values,
                    default,
                }
            })
            .collect()
    }

    /// Returns the properties of the board that `fqbn` names with all its options applied.
    pub(crate) fn resolve(&self, fqbn: &Fqbn) -> Result<Properties, BoardError> {
        let board = self.get(&fqbn.board).ok_or_else(|| BoardError::Unknown {
            text: fqbn.to_string(),
            nearest: suggest::nearest(&fqbn.board, self.ids()).map(|id| {
                Fqbn {
                    board: id.to_owned(),
                    ..fqbn.clone()
                }
                .base()
            }),
        })?;
        let menus = self.menus(&fqbn.board);
        let unknown_option = |option: &str| BoardError::UnknownOption {
            board: fqbn.base(),
            option: option.to_owned(),
            known: menus.iter().map(|menu| menu.option.clone()).collect(),
        };
        let known = |option: &str| menus.iter().any(|menu| menu.option == option);
        if let Some((option, _)) = fqbn.options.iter().find(|(option, _)| !known(option)) {
            return Err(unknown_option(option));
        }
        let tree = board.sub_tree("menu");
        if let Some(option) = tree
            .first_level_keys()
            .into_iter()
            .find(|option| !known(option))
        {
            return Err(unknown_option(option));
        }
        let mut properties = board.clone();
        properties.set("_id", fqbn.board.as_str());
        properties.set("build.fqbn", fqbn.to_string());
        properties.set("build.arch", fqbn.architecture.to_uppercase());
        for menu in &menus {
            let chosen = fqbn
                .options
                .iter()
                .find(|(option, _)| *option == menu.option);
            let value = chosen.map_or(menu.default.as_str(), |(_, value)| value);
            if !menu.values.iter().any(|(known, _)| known == value) {
                return Err(BoardError::UnknownValue {
                    board: fqbn.base(),
                    option: menu.option.clone(),
                    value: value.to_owned(),
                    known: menu.values.iter().map(|(value, _)| value.clone()).collect(),
                });
            }
            properties.merge(&tree.sub_tree(&format!("{}.{value}", menu.option)));
        }
        Ok(properties)
    }
}
