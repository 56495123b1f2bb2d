//! Finds out from the source text which files of a crate import each other in a circle.
//!
//! A path leads to the file of the longest module it names; a name that this file only re-exports
//! (`pub use`) leads on to the file that declares the name. A re-export alone is no import. Unit
//! tests may look at anything and are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files of one crate by their modules: `["net", "dns"]` is net/dns.rs or net/dns/mod.rs.
type Modules<'f> = BTreeMap<Vec<String>, &'f str>;

/// Returns the circles among the files of the crate at `root`. Each circle is the set of files that
/// import each other.
pub fn circles(root: &Path, files: &[(PathBuf, String)]) -> BTreeSet<BTreeSet<PathBuf>> {
    let mut modules = Modules::new();
    let mut paths = BTreeMap::new();
    for (path, text) in files {
        let module = module_of(path.strip_prefix(root).unwrap());
        if module.last().is_some_and(|name| name == "tests") || module == ["main"] {
            continue;
        }
        modules.insert(module.clone(), product(text));
        paths.insert(module, path.clone());
    }
    let uses: BTreeMap<_, _> = modules
        .iter()
        .map(|(module, text)| (module.clone(), uses(&modules, module, text)))
        .collect();
    let reached: BTreeMap<_, _> = uses
        .keys()
        .map(|module| (module, reachable(&uses, module)))
        .collect();
    let circle_of = |module: &Vec<String>| -> BTreeSet<PathBuf> {
        let others = reached[module].iter();
        let back = others.filter(|other| reached[*other].contains(module));
        back.map(|other| paths[other].clone()).collect()
    };
    let circles = uses.keys().map(circle_of);
    circles.filter(|circle| circle.len() > 1).collect()
}

fn module_of(path: &Path) -> Vec<String> {
    let path = path.with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    if names
        .last()
        .is_some_and(|name| name == "mod" || name == "lib")
    {
        names.pop();
    }
    names
}

/// Whether a statement, with its attributes, is a re-export.
fn is_reexport(statement: &str) -> bool {
    let mut lines = statement.trim_start().lines();
    let first = lines.find(|line| !line.starts_with("#["));
    first.is_some_and(|line| line.starts_with("pub use "))
}

/// The text before the unit tests, unless these have a file of their own.
fn product(text: &str) -> &str {
    let marks = text.match_indices("#[cfg(test)]\n");
    let mut inline = marks.filter(|(at, mark)| {
        let after = text[at + mark.len()..].lines().next().unwrap_or_default();
        after.contains("mod ") && after.contains('{')
    });
    inline.next().map_or(text, |(at, _)| &text[..at])
}

fn reachable(
    uses: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
    from: &Vec<String>,
) -> BTreeSet<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<&Vec<String>> = uses[from].iter().collect();
    while let Some(module) = waiting.pop() {
        if seen.insert(module.clone()) {
            waiting.extend(&uses[module]);
        }
    }
    seen
}

/// The modules whose files `module` imports from.
fn uses(modules: &Modules<'_>, module: &[String], text: &str) -> BTreeSet<Vec<String>> {
    let statements = statements(text);
    let own = statements.iter().filter(|(is_public, _)| !is_public);
    let imported = own.flat_map(|(_, paths)| paths.clone());
    let named = imported.chain(paths_in_code(modules, module, text));
    let found = named.filter_map(|path| resolve(modules, module, &path, 8));
    found.filter(|found| found != module).collect()
}

/// For each `use` of a text: whether it is public, and the paths that it names.
fn statements(text: &str) -> Vec<(bool, Vec<Vec<String>>)> {
    let mut found = Vec::new();
    let code = without_comments(text);
    for (at, _) in code.match_indices("use ") {
        let before = code[..at].rsplit('\n').next().unwrap().trim();
        let is_public = before.starts_with("pub");
        if !before.is_empty() && !is_public {
            continue;
        }
        let rest = &code[at + "use ".len()..];
        let tree: String = rest[..rest.find(';').unwrap_or(0)]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let mut paths = Vec::new();
        expand(&tree, &[], &mut paths);
        found.push((is_public, paths));
    }
    found
}

/// `a::{b, c::{self, d}}` as `a::b`, `a::c` and `a::c::d`; an `as` name is dropped.
fn expand(tree: &str, prefix: &[String], paths: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    if let Some((head, inner)) = tree.split_once('{') {
        let mut prefix = prefix.to_vec();
        prefix.extend(names(head));
        let inner = inner.rsplit_once('}').map_or(inner, |(inner, _)| inner);
        let mut depth = 0;
        let parts = inner.split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        parts.for_each(|part| expand(part, &prefix, paths));
    } else if !tree.is_empty() {
        let path = tree.split(" as ").next().unwrap();
        paths.push(prefix.iter().cloned().chain(names(path)).collect());
    }
}

fn names(path: &str) -> impl Iterator<Item = String> {
    let names = path.split("::").map(str::trim);
    let names = names.filter(|name| !name.is_empty() && *name != "*");
    names.map(str::to_owned)
}

/// Paths outside of `use`: those that begin with `crate`, `super` or `self`, or with a module of this file.
fn paths_in_code(modules: &Modules<'_>, module: &[String], text: &str) -> Vec<Vec<String>> {
    let code = without_comments(text);
    // A re-export is no import.
    let code: String = code
        .split_inclusive(';')
        .filter(|statement| !is_reexport(statement))
        .collect();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !is_part(c));
    let paths = words
        .filter(|word| word.contains("::"))
        .map(|word| names(word).collect::<Vec<String>>());
    // The beginning of `use super::{a, b}` names no file; `statements` reads its parts.
    let is_group = |path: &Vec<String>| {
        let mut names = path.iter().map(String::as_str);
        names.all(|name| ["crate", "super", "self"].contains(&name))
    };
    let is_ours = |path: &Vec<String>| {
        let child = [module, &path[..1]].concat();
        ["crate", "super", "self"].contains(&path[0].as_str()) || modules.contains_key(&child)
    };
    paths
        .filter(|path: &Vec<String>| !is_group(path) && is_ours(path))
        .collect()
}

fn without_comments(text: &str) -> String {
    // A visibility such as `pub(in path)` is no import.
    let text = text.replace("pub(in crate::", "pub(");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The module of this crate in whose file a path ends, seen from `module`.
fn resolve(
    modules: &Modules<'_>,
    module: &[String],
    path: &[String],
    hops: usize,
) -> Option<Vec<String>> {
    let mut at = module.to_vec();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => at.clear(),
        "super" => {
            at.pop();
        }
        "self" => {}
        child => {
            modules.get(&[module, &[child.to_owned()]].concat())?;
            rest = path;
            return walk(modules, at, rest, hops);
        }
    }
    rest = &rest[1..];
    while rest.first().is_some_and(|name| name == "super") {
        at.pop();
        rest = &rest[1..];
    }
    walk(modules, at, rest, hops)
}

fn walk(
    modules: &Modules<'_>,
    mut at: Vec<String>,
    mut rest: &[String],
    hops: usize,
) -> Option<Vec<String>> {
    while let Some((name, after)) = rest.split_first() {
        let child = [&at[..], std::slice::from_ref(name)].concat();
        if name == "self" {
            rest = after;
        } else if modules.contains_key(&child) {
            (at, rest) = (child, after);
        } else {
            break;
        }
    }
    let text = modules.get(&at)?;
    let passed_on = rest.first().filter(|_| hops > 0).and_then(|name| {
        let statements = statements(text).into_iter();
        let public = statements.filter(|(is_public, _)| *is_public);
        let mut paths = public.flat_map(|(_, paths)| paths);
        let path = paths.find(|path| path.last() == Some(name))?;
        resolve(modules, &at, &path, hops - 1)
    });
    Some(passed_on.unwrap_or(at))
}
