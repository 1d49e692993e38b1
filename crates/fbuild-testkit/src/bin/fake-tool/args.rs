//! The compiler's command line.

/// What the compiler's command line says.
#[derive(Debug, Default)]
pub(crate) struct Args {
    /// `-D`, without the letter, in order.
    pub(crate) defines: Vec<String>,
    /// `-I`, in order.
    pub(crate) dirs: Vec<String>,
    /// `-include`, in order.
    pub(crate) preincluded: Vec<String>,
    /// `-o`.
    pub(crate) output: Option<String>,
    /// `-MF`.
    pub(crate) depfile: Option<String>,
    /// `-MMD` or `-MD`.
    pub(crate) wants_depfile: bool,
    /// Everything that is no option: sources, or objects and archives.
    pub(crate) files: Vec<String>,
    /// All other options, in order.
    pub(crate) options: Vec<String>,
}

/// Returns what a command line of the compiler asks for.
pub(crate) fn role(args: &[String]) -> &'static str {
    let has = |option: &str| args.iter().any(|arg| arg == option);
    let asks = |arg: &String| {
        arg.starts_with("-print-") || arg.starts_with("-dump") || arg == "--version" || arg == "-dM"
    };
    if args.iter().any(asks) {
        "query"
    } else if has("-E") {
        "preprocess"
    } else if args.iter().any(|arg| arg.ends_with(".gch")) {
        "precompile"
    } else if has("-c") {
        "compile"
    } else {
        "link"
    }
}

/// Reads a command line.
pub(crate) fn parse(args: &[String]) -> Args {
    let mut parsed = Args::default();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut next = || rest.next().cloned().unwrap_or_default();
        match arg.as_str() {
            "-o" => parsed.output = Some(next()),
            "-MF" => parsed.depfile = Some(next()),
            "-include" => parsed.preincluded.push(next()),
            "-I" | "-isystem" | "-iquote" => parsed.dirs.push(next()),
            "-x" => {
                parsed.options.push(arg.clone());
                let language = next();
                parsed.options.push(language);
            }
            "-MMD" | "-MD" => parsed.wants_depfile = true,
            _ => match (arg.strip_prefix("-I"), arg.strip_prefix("-D")) {
                (Some(dir), _) => parsed.dirs.push(dir.to_owned()),
                (_, Some(define)) => parsed.defines.push(define.to_owned()),
                _ if arg.starts_with('-') => parsed.options.push(arg.clone()),
                _ => parsed.files.push(arg.clone()),
            },
        }
    }
    parsed
}
