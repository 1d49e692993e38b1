//! `fbuild config`: each setting of a build and where its value comes from.

use crate::config::Setting;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints a line per setting, as it would be written in `fbuild.toml`, with its origin as a comment.
pub fn run(settings: &[Setting], printer: &Printer) -> Exit {
    let lines: Vec<(String, &str)> = settings
        .iter()
        .map(|setting| (line(setting), setting.origin.as_str()))
        .collect();
    let width = lines.iter().map(|(line, _)| line.len()).max().unwrap_or(0);
    let text = lines
        .iter()
        .map(|(line, origin)| format!("{line:width$}  # {origin}\n"));
    printer.data(&text.collect::<String>());
    Exit::Success
}

fn line(setting: &Setting) -> String {
    let quoted: Vec<String> = setting.values.iter().map(|value| literal(value)).collect();
    match &quoted[..] {
        [one] => format!("{} = {one}", setting.name),
        several => format!("{} = [{}]", setting.name, several.join(", ")),
    }
}

fn literal(value: &str) -> String {
    let is_plain = matches!(value, "true" | "false") || value.parse::<i64>().is_ok();
    if is_plain {
        value.to_owned()
    } else {
        // A JSON string is a TOML string, too.
        serde_json::Value::String(value.to_owned()).to_string()
    }
}
