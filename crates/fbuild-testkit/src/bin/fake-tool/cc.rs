//! The compiler driver: questions, preprocessing, compiling, linking.

use std::fs;
use std::hash::{DefaultHasher, Hasher};

use crate::args::{self, Args};
use crate::preprocess::{self, Expanded};
use crate::{archive, script};

/// Carries out one call.
pub(crate) fn run(tool: &str, role: &str, argv: &[String]) -> Result<(), String> {
    let args = args::parse(argv);
    match role {
        "query" => query(tool, argv, &args),
        "link" => link(&args),
        _ => translate(role, &args),
    }
}

/// Answers like gcc, unless the tool is called `fake-mute…`.
fn query(tool: &str, argv: &[String], args: &Args) -> Result<(), String> {
    if tool.starts_with("fake-mute") {
        return Err(format!("{tool}: error: unrecognized command line option\n"));
    }
    if let Some((_, name)) = argv
        .iter()
        .find_map(|arg| arg.strip_prefix("-print-"))
        .and_then(|question| question.split_once('='))
    {
        // gcc repeats the bare name of what it does not find.
        println!("{name}");
    } else if argv.iter().any(|arg| arg == "-dM") {
        let defines = args
            .defines
            .iter()
            .map(|define| define.split_once('=').unwrap_or((define, "1")));
        for (name, value) in preprocess::PREDEFINED.into_iter().chain(defines) {
            println!("#define {name} {value}");
        }
        // As gcc 5 has it.
        println!("#define __has_include(STR) __has_include__(STR)");
        eprintln!("#include \"...\" search starts here:\n#include <...> search starts here:");
        args.dirs.iter().for_each(|dir| eprintln!(" {dir}"));
        eprintln!("End of search list.");
    } else if argv.iter().any(|arg| arg == "--version") {
        println!("{tool} (fake) 5.4.0");
    } else {
        println!("5.4.0");
    }
    Ok(())
}

fn translate(role: &str, args: &Args) -> Result<(), String> {
    let [source] = args.files.as_slice() else {
        return Err("fake: fatal error: exactly one input file is needed\n".to_owned());
    };
    let raw = fs::read(source).map_err(|error| format!("fake: error: {source}: {error}\n"))?;
    let requests = script::requests(source, &String::from_utf8_lossy(&raw));
    if role == "preprocess" {
        script::obey(&requests, "preprocess-")?;
    }
    let expanded = preprocess::expand(source, args)?;
    if role == "compile" {
        let own: Vec<script::Request> = requests
            .iter()
            .filter(|request| !is_for_another(&request.verb))
            .cloned()
            .collect();
        script::obey(&own, "")?;
    }
    let text = match role {
        "preprocess" => expanded.text.clone(),
        _ => object(source, args, &expanded, &requests),
    };
    let output = args.output.as_deref().unwrap_or("/dev/stdout");
    if args.wants_depfile {
        let depfile = args
            .depfile
            .clone()
            .unwrap_or_else(|| with_extension_d(output));
        write(&depfile, &depfile_text(output, &expanded.files))?;
    }
    write(output, &text)
}

fn is_for_another(verb: &str) -> bool {
    verb.starts_with("link-") || verb.starts_with("preprocess-") || verb == "size"
}

/// An object: the source's name, a digest of what was compiled and how, and what the link is asked for. Paths do not reach it.
fn object(source: &str, args: &Args, expanded: &Expanded, requests: &[script::Request]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(expanded.plain.as_bytes());
    args.defines
        .iter()
        .chain(args.options.iter().filter(|option| *option != "-g"))
        .for_each(|word| hasher.write(word.as_bytes()));
    let mut text = format!(
        "object {} {:016x}\n",
        source.rsplit('/').next().unwrap_or(source),
        hasher.finish()
    );
    for request in requests
        .iter()
        .filter(|request| request.verb.starts_with("link-") || request.verb == "size")
    {
        text.push_str(&format!("{}: {}\n", request.verb, request.text));
    }
    text
}

/// Links objects and archives in order: the program is all their texts.
fn link(args: &Args) -> Result<(), String> {
    let mut program = String::from("program\n");
    for file in &args.files {
        let text = fs::read_to_string(file)
            .map_err(|error| format!("fake-ld: cannot find {file}: {error}\n"))?;
        match archive::parse(&text) {
            Some(members) => members
                .iter()
                .for_each(|(_, member)| program.push_str(member)),
            None if text.starts_with("object ") => program.push_str(&text),
            None => {
                return Err(format!(
                    "fake-ld: {file}: file not recognized: file format not recognized\n"
                ));
            }
        }
    }
    let requests: Vec<script::Request> = program
        .lines()
        .filter_map(|line| line.strip_prefix("link-")?.split_once(": "))
        .map(|(verb, text)| script::Request {
            verb: verb.to_owned(),
            text: text.to_owned(),
            place: "fake-ld".to_owned(),
        })
        .collect();
    script::obey(&requests, "")?;
    write(args.output.as_deref().unwrap_or("a.out"), &program)
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("fake: error: {path}: {error}\n"))
}

fn with_extension_d(output: &str) -> String {
    format!("{}.d", output.strip_suffix(".o").unwrap_or(output))
}

fn depfile_text(output: &str, files: &[String]) -> String {
    let escape = |path: &str| {
        path.replace('$', "$$")
            .replace('#', "\\#")
            .replace(' ', "\\ ")
    };
    let files: Vec<String> = files.iter().map(|file| escape(file)).collect();
    format!("{}: {}\n", escape(output), files.join(" \\\n "))
}
