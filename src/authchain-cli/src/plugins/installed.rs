//! The plugins in the folder of plugins.

use std::fs;

use authchain::config::settings::plugin::PluginPath;

/// Returns the files in the folder of plugins that `program` can name, sorted. Without the folder
/// there is none.
pub(crate) fn installed() -> Vec<PluginPath> {
    let entries = fs::read_dir(PluginPath::folder()).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    let plugins = names.iter().filter_map(|name| name.parse().ok());
    plugins.collect()
}
