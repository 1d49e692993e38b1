//! Counts steps, so that a test can compare the work for a text with that for one of twice the length.

/// Counts `steps`. Costs nothing outside of tests.
#[inline]
pub(super) fn done(steps: usize) {
    #[cfg(test)]
    tests::STEPS.set(tests::STEPS.get() + steps);
    #[cfg(not(test))]
    let _ = steps;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::prototypes::insert_prototypes;

    thread_local! {
        pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
    }

    /// How many steps a sketch takes.
    fn steps(source: &str) -> usize {
        let main = "/s/s.ino";
        let merged = format!("#include <Arduino.h>\n#line 1 \"{main}\"\n{source}\n");
        let preprocessed = format!("# 1 \"{main}\"\n{source}\n");
        STEPS.set(0);
        insert_prototypes(&merged, &preprocessed, &[main.into()]);
        STEPS.get()
    }

    fn is_linear(name: &str, source: impl Fn(usize) -> String) {
        let (once, twice) = (steps(&source(10_000)), steps(&source(20_000)));
        assert!(
            once > 0 && twice < once * 5 / 2,
            "{name}: {once} and {twice} steps"
        );
    }

    #[test]
    fn a_text_of_twice_the_length_takes_twice_the_steps() {
        type Source = fn(usize) -> String;
        for piece in [
            "{",
            "namespace {",
            "struct a {",
            "(",
            "f(",
            "int f((((int a))){}\n",
            "int f(a(\n",
            "<",
            "A<",
            "\n",
            "/*",
            "\"\n",
            "a::",
            "int a, ",
            "int f() {}\n",
            "template<class T>\nT f(T a) {}\n",
            "// &f\nint a = &g;\n",
            "int &f; void g(&f) {}\n",
            "extern \"C\" {\n",
            "operator",
            "~",
            "#",
            "??",
            "/* c */\n",
        ] {
            is_linear(piece, |n| {
                format!("{}\nint f() {{}}\nlong\ng() {{}}", piece.repeat(n))
            });
        }
        let sources: [(&str, Source); 6] = [
            ("lines", |n| {
                (0..n).map(|n| format!("int f{n}(int a) {{}}\n")).collect()
            }),
            ("one line", |n| {
                (0..n).map(|n| format!("int f{n}(int a) {{}} ")).collect()
            }),
            ("templates", |n| {
                (0..n)
                    .map(|n| format!("template<class T> T f{n}(T a){{}} "))
                    .collect()
            }),
            ("types above", |n| {
                (0..n).map(|n| format!("int\nf{n}() {{}}\n")).collect()
            }),
            ("two lines", |n| {
                (0..n)
                    .map(|n| format!("int\nf{n}(int a,\n int b) {{}}\n"))
                    .collect()
            }),
            ("pointers", |n| {
                (0..n)
                    .map(|n| format!("int a{n} = &g{n}; int g{n}() {{}}\n"))
                    .collect()
            }),
        ];
        for (name, source) in sources {
            let (once, twice) = (steps(&source(10_000)), steps(&source(20_000)));
            assert!(
                once > 0 && twice < once * 5 / 2,
                "{name}: {once} and {twice} steps"
            );
        }
    }
}
