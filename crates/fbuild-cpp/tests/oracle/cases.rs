//! Corner cases of the language, each as a small source that is also given to the compiler.

use camino::Utf8Path;
use fbuild_cpp as cpp;
use fbuild_cpp::Language;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceTree;

use crate::compiler::{Read, in_parallel};
use crate::expand::lines_of;

/// How a case is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// Both expand it, to the same lines.
    Same,
    /// Both report an error.
    Error,
    /// We ask the compiler.
    Ask,
}
use Expect::{Ask, Error, Same};
use Language::{Asm, C, Cxx};

fn run(cases: &[(Language, Expect, &str)]) {
    let Some(compilers) = crate::compilers() else {
        return;
    };
    let numbered: Vec<_> = cases.iter().enumerate().collect();
    let scratch = tempfile::tempdir().unwrap();
    let scratch = Utf8Path::from_path(scratch.path()).unwrap();
    fs_err::create_dir_all(scratch.join("sub/deep")).unwrap();
    fs_err::create_dir_all(scratch.join("next")).unwrap();
    for (name, text) in HEADERS {
        fs_err::write(scratch.join(name), text).unwrap();
    }
    let dirs = [scratch.join("sub"), scratch.join("next")];
    let complaints = in_parallel(&numbered, |(number, (language, expect, text))| {
        let compiler = &compilers[*language as usize];
        let source = scratch.join(format!("case_{number}.cpp"));
        fs_err::write(&source, text).unwrap();
        let tree = SourceTree::new();
        let ours = cpp::expand(
            &tree,
            &compiler.dialect,
            &source,
            &dirs,
            std::slice::from_ref(&source),
        );
        let theirs = compiler.expand(&source, &dirs);
        let scan = cpp::scan(&tree, &compiler.dialect, &source, &dirs);
        let complaint = match (expect, ours, theirs) {
            (Same, Ok(ours), Ok(theirs)) => {
                let (ours, theirs) = (
                    lines_of(&ours, source.as_str()),
                    lines_of(&theirs, source.as_str()),
                );
                (ours != theirs).then(|| format!("ours   {ours:?}\n  theirs {theirs:?}"))
            }
            (Error, Err(_), Err(_)) | (Ask, Err(_), _) => None,
            (_, ours, theirs) => Some(format!("ours   {ours:?}\n  theirs {theirs:?}")),
        };
        let complaint = complaint.or_else(|| match (scan, compiler.files(&source, &dirs)) {
            (Ok(Scan::Complete(closure)), Read::Files(theirs)) => {
                let ours: Vec<_> = closure
                    .files
                    .iter()
                    .map(|file| file.path().as_str())
                    .collect();
                (ours != theirs).then(|| format!("reads {ours:?}\n  theirs {theirs:?}"))
            }
            (scan, Read::Files(_)) => (*expect != Ask).then(|| format!("scan {scan:?}")),
            (_, Read::Failed(_)) => None,
        });
        complaint.map(|complaint| format!("{language:?} {text}\n  {complaint}"))
    });
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

const HEADERS: &[(&str, &str)] = &[
    ("plain.h", "int plain;\n"),
    ("once.h", "#pragma once\nint once;\n"),
    (
        "guard.h",
        "/* c */\n#ifndef GUARD_H\n#define GUARD_H\nint guarded;\n#endif // GUARD_H\n",
    ),
    (
        "half.h",
        "#if !defined(HALF) /* no guard: text behind */\n#define HALF\n#endif\nint half;\n",
    ),
    ("sub/a.h", "#define FROM_A 1\n#include \"deep/b.h\"\n"),
    ("sub/deep/b.h", "#define FROM_B 2\n#include \"../c.h\"\n"),
    ("sub/c.h", "#define FROM_C 3\n"),
    ("sub/next.h", "#define NEXT_1\n#include_next <next.h>\n"),
    (
        "next/next.h",
        "#define NEXT_2\n#if __has_include_next(<next.h>)\n#define NEXT_3\n#endif\n",
    ),
    (
        "sub/level.h",
        "#define LEVEL (__INCLUDE_LEVEL__)\n#if __INCLUDE_LEVEL__ == 1\n#define LEVEL_1\n#endif\n",
    ),
    (
        "sub/self.h",
        "#ifndef DEPTH\n#define DEPTH 1\n#include \"self.h\"\n#elif DEPTH == 1\n#undef DEPTH\n#define DEPTH 2\n#endif\n",
    ),
    ("twin1.h", "#pragma once\nint twin;\n"),
    ("undef.h", "#undef SET\n"),
    (
        "pragma.h",
        "_Pragma(\"once\")\n#define SEEN_PRAGMA\n#ifdef TWICE\n#define READ_TWICE\n#endif\n#define TWICE\n",
    ),
];

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn conditions() {
    run(&[
        (
            Cxx,
            Same,
            "#if 1 + 2 * 3 == 7 && (4 | 1) == 5\nyes\n#else\nno\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if -1 > 0u\nunsigned\n#endif\n#if -1 < 0\nsigned\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if (2 || 3) != 1\nbad\n#endif\n#if (0 ? 1 : 2u) - 3 > 0\nunsigned\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if 0x7fffffffffffffff + 1 < 0\nwraps\n#endif\n#if 0xffffffffffffffff == -1\nequal\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if -1 >> 1 == -1\narithmetic\n#endif\n#if (-1 >> 70) == -1\nlong\n#endif\n#if 1 << 64\nno\n#endif\n#if (8 >> -1) == 16\nother way\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if (1 << -1) == 0\nx\n#endif\n#if -8 / 3 == -2 && -8 % 3 == -2\ntruncates\n#endif\n#if (-9223372036854775807 - 1) / -1\ny\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if 'a' == 97 && '\\n' == 10 && '\\377' < 0 && 'ab' == 24930\nchars\n#endif\n#if 'abc' == 25187\nlast two\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if L'a' == 97 && u'b' == 98 && U'c' - 100 > 0\nwide\n#endif\n#if L'a' - 98 > 0\nunsigned wide\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if true and not false or 0 xor 1\nwords\n#endif\n#if compl 0 == -1 && (6 bitand 3) == 2 && (1 not_eq 2)\nmore\n#endif\n",
        ),
        (C, Same, "#if true\nbad\n#else\nC\n#endif\n"),
        (C, Error, "#if 1 and 1\n#endif\n"),
        (
            Cxx,
            Same,
            "#define A defined(B)\n#define B\n#if A\nyes\n#endif\n#undef B\n#if A\nno\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#define E\n#if defined E && !defined(F) && (defined E)\nyes\n#endif\n#if E + 1\none\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#define F(x) x\n#if F(1) && !F(F)\nyes\n#endif\n#define G() 1\n#if G()\ng\n#endif\n#if F\nno\n#else\nzero\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if 0 && (1 / 0)\n#elif 1 || 1 / 0\nyes\n#endif\n#if 1 ? 2 : 1 / 0\nchosen\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if (1, 2)\ncomma\n#endif\n#if 1 ? 0, 3 : 4\nx\n#endif\n",
        ),
        (Cxx, Error, "#if 1'0\nno\n#endif\n"),
        (
            Cxx,
            Same,
            "#if 0b11 == 3 && 017 == 15 && 0X1f == 31 && 1uLL && 2LLU\nyes\n#endif\n",
        ),
        (Cxx, Error, "#if 1 / 0\n#endif\n"),
        (Cxx, Error, "#if\n#endif\n"),
        (Cxx, Error, "#if 1 +\n#endif\n"),
        (Cxx, Error, "#if (1\n#endif\n"),
        (Cxx, Error, "#if 1)\n#endif\n"),
        (Cxx, Error, "#if 1 2\n#endif\n"),
        (Cxx, Error, "#if 1.0\n#endif\n"),
        (Cxx, Error, "#if \"x\"\n#endif\n"),
        (Cxx, Error, "#if 08\n#endif\n"),
        (Cxx, Error, "#if 1x\n#endif\n"),
        (Cxx, Error, "#if A = 1\n#endif\n"),
        (Cxx, Error, "#if defined\n#endif\n"),
        (Cxx, Error, "#if defined(X\n#endif\n"),
        (Cxx, Error, "#define F(x) x\n#if F(1\n#endif\n"),
        (Cxx, Error, "#if 1\n"),
        (Cxx, Error, "#endif\n"),
        (Cxx, Error, "#else\n"),
        (Cxx, Error, "#if 1\n#else\n#else\n#endif\n"),
        (Cxx, Error, "#ifdef\n#endif\n"),
        (
            Cxx,
            Same,
            "#if 0\n#if garbage ( \" '\n#elif more\n#else\n#endif\nno\n#elif 1\nyes\n#elif 1 / 0\nno\n#else\nno\n#endif junk\n",
        ),
        (
            Cxx,
            Same,
            "#if 1\nyes\n#elif\n#endif\n#ifdef A B\n#else x\nelse\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#ifdef __FILE__\na\n#endif\n#ifdef __COUNTER__\nb\n#endif\n#ifdef __has_include\nc\n#endif\n#ifdef __has_include__\nd\n#endif\n#ifdef defined\ne\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#ifdef _Pragma\na\n#endif\n#ifdef __has_attribute\nb\n#endif\n#ifdef __has_cpp_attribute\nc\n#endif\n#ifdef __has_builtin\nd\n#endif\n",
        ),
        (
            Asm,
            Same,
            "#ifdef _Pragma\na\n#endif\n#ifdef __has_attribute\nb\n#endif\n#ifdef __has_cpp_attribute\nc\n#endif\n",
        ),
        (Cxx, Ask, "#if __has_attribute(unused)\n#endif\n"),
        (
            Cxx,
            Ask,
            "#assert machine(avr)\n#if #machine(avr)\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if __LINE__ == 1 && __COUNTER__ == 0\nyes\n#endif\n#if __COUNTER__ == 1\none __COUNTER__\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "__COUNTER__ __COUNTER__\n#if __COUNTER__ == 2\nyes\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if 0x10 /* c \n */ == 16 // d\nyes\n#endif\n#if \\\n 1\nyes\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "%:if 1\nyes\n%:endif\n??=if 0\n#if 1 //\\\n0\nc\n#endif\n",
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn macros() {
    run(&[
        (Cxx, Same, "#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)\n"),
        (
            Cxx,
            Same,
            "#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n#define h g(~\n#define m(a) a(w)\n#define w 0,1\n#define t(a) a\n#define p() int\n#define q(x) x\n#define r(x,y) x ## y\n#define str(x) # x\nf(y+1) + f(f(z)) % t(t(g)(0) + t)(1);\ng(x+(3,4)-w) | h 5) & m\n  (f)^m(m);\np() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };\nchar c[2][6] = { str(hello), str() };\n",
        ),
        (
            Cxx,
            Same,
            "#define xstr(s) str(s)\n#define str(s) # s\n#define debug(s, t) printf(\"x\" # s \"= %d, x\" # t \"= %s\", x ## s, x ## t)\n#define INCFILE(n) vers ## n\n#define glue(a, b) a ## b\n#define xglue(a, b) glue(a, b)\n#define HIGHLOW \"hello\"\n#define LOW LOW \", world\"\ndebug(1, 2);\nfputs(str(strncmp(\"abc\\0d\", \"abc\", '\\4') /* this goes away */ == 0) str(: @\\n), s);\nxstr(INCFILE(2).h)\nglue(HIGH, LOW);\nxglue(HIGH, LOW)\n",
        ),
        (
            Cxx,
            Same,
            "#define hash_hash # ## #\n#define mkstr(a) # a\n#define in_between(a) mkstr(a)\n#define join(c, d) in_between(c hash_hash d)\nchar p[] = join(x, y);\n",
        ),
        (
            Cxx,
            Same,
            "#define t(x,y,z) x ## y ## z\nint j[] = { t(1,2,3), t(,4,5), t(6,,7), t(8,9,), t(10,,), t(,11,), t(,,12), t(,,) };\n",
        ),
        (
            Cxx,
            Same,
            "#define e(f, ...) p(f, ## __VA_ARGS__)\ne(1) e(1,) e(1,2) e(1,2,3)\n#define o(...) p(a, ## __VA_ARGS__)\no() o(1)\n#define n(f, a...) q(f, ## a) [a]\nn(1) n(1,2,3)\n",
        ),
        (
            Cxx,
            Same,
            "#define s(...) #__VA_ARGS__\ns() s(a , b) s( a,b ) s(\"x\\n\" 'c' \\ y)\n",
        ),
        (
            Cxx,
            Same,
            "#define EMPTY\n#define LP (\n#define F(x) [x]\nF EMPTY (1) F LP 1) EMPTY F\n(2)\nF\n\n;\n",
        ),
        (
            Cxx,
            Same,
            "#define PLUS +\n#define MINUS -\n#define NEG(x) -x\n+PLUS PLUS+ -MINUS -NEG(-1) NEG(-)- a NEG(b)c\n=EQ\n#define EQ =\n=EQ EQ= <EQ >EQ EQ EQ\n",
        ),
        (
            Cxx,
            Same,
            "#define A a\n#define N 1\nA A N N A.N N.A .N N. A\"s\" \"s\"A 'c'A A'c' L A L\"x\"\n",
        ),
        (
            Cxx,
            Same,
            "#define f(x, y) x y\nf(1,\n  2) tail\nf (\n a\n,\n b\n)\nnext; f(1,2); f(3,\n4);\nend\n",
        ),
        (
            Cxx,
            Same,
            "#define f(x) x __LINE__\n__LINE__ f(\n__LINE__\n) __LINE__\nf(1) f\n(2)\n",
        ),
        (
            Cxx,
            Same,
            "#define f(x) x\nf(\n#define IN 1\nIN\n#undef IN\nIN) IN\n",
        ),
        (
            Cxx,
            Same,
            "#define f(x) <x>\nf(\n#if 1\none\n#else\ntwo\n#endif\n)\n",
        ),
        (
            Cxx,
            Same,
            "#define A B\n#define B A\nA B\n#define self self + 1\nself\n#define AA BB(\n#define BB(x) x AA\nAA 1) 2)\n",
        ),
        (
            Cxx,
            Same,
            "#define NIL(xxx) xxx\n#define G_0(arg) NIL(G_1)(arg)\n#define G_1(arg) NIL(arg)\nG_0(42)\n#define foo() bar\nfoo()() foo\n",
        ),
        (
            Cxx,
            Same,
            "#define COMMENT /* kept */ 1 // also\nCOMMENT COMMENT;\n#define FC(x /* p */) /* b */ x /* e */\nFC(1) FC(/* i */ 2 // j\n)\n",
        ),
        (
            Cxx,
            Same,
            "/* a */ int /* b */ x; // c\n  // only\n/* multi\n   line */ int y; /* t */\n",
        ),
        (
            Cxx,
            Same,
            "#define S(x) #x\n#define CAT(a, b) a##b\nS(CAT(a, b)) CAT(L, 'a') CAT(L, \"s\") CAT(1, e) CAT(1., 5) CAT(<, <=) CAT(-, >) CAT(x, 1)\n",
        ),
        (Cxx, Error, "#define CAT(a, b) a##b\nCAT(+, x)\n"),
        (Cxx, Error, "#define F(x) x\nF(1, 2)\n"),
        (Cxx, Error, "#define F(x, y) x\nF(1)\n"),
        (Cxx, Error, "#define F(x) x\nF(1\n"),
        (Cxx, Error, "#define F(x, x) x\n"),
        (Cxx, Error, "#define F(x) #y\n"),
        (Cxx, Error, "#define defined\n"),
        (Cxx, Error, "#define A ## B\n"),
        (Cxx, Error, "#frobnicate\n"),
        (
            Asm,
            Same,
            "# this is a comment, don't\n#frobnicate x\n#define F(x) #x y#\n.text F(a)\n  ldi r16, lo8(F) ; it's F(x)\n#define CAT(a, b) a##b\nCAT(., x) CAT(+, x)\n",
        ),
        (
            Asm,
            Same,
            "#define R r16\n  mov R, $R 1f R: 'a\n#if 0\n# else where\nno\n#endif\n  ldi R, 'R'\n",
        ),
        (
            Cxx,
            Same,
            "auto r = R\"(a\n#define X\n)\" \"x\";\n#ifdef X\nbad\n#endif\nauto q = R\"d(\")d\" /* \" */ u8R\"(y)\";\n",
        ),
        (C, Same, "char *r = R\"(a)\"; a::b <:0:> <%%>\n"),
        (Cxx, Same, "a::b <::c> <:::d> %:%: @ ` \\ $x x$y\n"),
        (
            Cxx,
            Same,
            "#define X \"a\" PRIu8 \"b\"PRIu8 \"c\"_s\n#define PRIu8 \"u\"\nX \"d\"PRIu8 \"e\"_t 'f'_u\n",
        ),
        (
            Cxx,
            Same,
            "int don't /* open\nnext line */ x;\n#if 0\nit's /* skipped\n#endif\nafter\n",
        ),
        (
            Cxx,
            Same,
            "#pragma push_macro(\"A\")\n#define A 1\n#pragma push_macro(\"A\")\n#undef A\n#define A 2\nA\n#pragma pop_macro(\"A\")\nA\n#pragma pop_macro(\"A\")\nA\n",
        ),
        (
            Cxx,
            Same,
            "#pragma GCC optimize (\"O3\")\n#pragma omp parallel\nint x;\n#pragma GCC diagnostic push\nint y;\n",
        ),
        (
            Cxx,
            Same,
            "#define P(x) _Pragma(#x) x\nint a; P(GCC diagnostic push) int b;\n_Pragma(\"GCC diagnostic pop\") int c;\nint d;\n",
        ),
        (
            Cxx,
            Same,
            "_Pragma(\"push_macro(\\\"A\\\")\")\n#define A 1\nA\n_Pragma(\"pop_macro(\\\"A\\\")\")\nA\n",
        ),
        (Cxx, Error, "#pragma GCC poison A\nA\n"),
        (Cxx, Error, "#pragma GCC poison A B\nint x = f(B);\n"),
        (Cxx, Error, "#pragma GCC poison A\n#define A 1\n"),
        (Cxx, Error, "#pragma GCC poison A\n#define F(x) A x\n"),
        (Cxx, Error, "#pragma GCC poison A\n#ifdef A\n#endif\n"),
        (Cxx, Error, "#pragma GCC poison A\n#if defined A\n#endif\n"),
        (Cxx, Error, "#pragma GCC poison A\n#undef A\n"),
        (Cxx, Error, "#pragma GCC poison \"A\"\n"),
        (
            Cxx,
            Same,
            "#define A 1\n#define F A\n#pragma GCC poison A\n#pragma poison B\n#if 0\nA\n#endif\nF B // A\n\"A\"\n",
        ),
        (Cxx, Error, "#error no\n"),
        (
            Cxx,
            Same,
            "#warning x\n#ident \"y\"\n#\n# /* c */\n#if 0\n#error no\n#frobnicate\n#endif\nz\n",
        ),
        (
            Cxx,
            Same,
            "#define \\\nA\\\nB 1 \\\n + 2\nAB A\\\nB \\\nx\n  y\n",
        ),
        (
            Cxx,
            Same,
            "#undef __FILE__\n#define __FILE__ \"x\"\n__FILE__\n",
        ),
        (
            Cxx,
            Same,
            "#define f(x) x x\n#define g f\n#define twice(x) g(x)\ntwice(g(1)) twice(twice)(2)\n",
        ),
        (Cxx, Same, "\n\n\n\n\n\n\n\n\n\nfar\n\n\n\n\n\n\n\nnear\n"),
        (Cxx, Same, "\tint tab;\n  \t  x\n\x0cfeed\n"),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn includes() {
    run(&[
        (
            Cxx,
            Same,
            "#include \"once.h\"\n#include \"once.h\"\n#include \"guard.h\"\n#include \"guard.h\"\n#include \"plain.h\"\n#include \"plain.h\"\nx\n",
        ),
        (
            Cxx,
            Same,
            "#include \"half.h\"\n#include \"half.h\"\n#import \"plain.h\"\n#import \"plain.h\"\n#include \"plain.h\"\nx\n",
        ),
        (
            Cxx,
            Same,
            "#include <a.h>\nFROM_A FROM_B FROM_C\n#include \"sub/a.h\"\n#include \"sub/./c.h\"\n#include \"sub//c.h\"\n",
        ),
        (
            Cxx,
            Same,
            "#include <next.h>\n#ifdef NEXT_2\nyes\n#endif\n#ifdef NEXT_3\nno\n#endif\n",
        ),
        (Cxx, Same, "#include_next <c.h>\nFROM_C\n"),
        (
            Cxx,
            Same,
            "#define H <c.h>\n#include H\n#define Q \"once.h\"\n#include Q\n#define S(x) #x\n#define T(x) S(x)\n#define N plain\n#include T(N.h)\nFROM_C\n",
        ),
        (
            Cxx,
            Same,
            "#define DIR deep\n#define IN(x) <DIR/x>\n#include IN(b.h)\nFROM_B\n",
        ),
        (
            Cxx,
            Same,
            "#include <level.h>\nLEVEL\n#ifdef LEVEL_1\nyes\n#endif\n__INCLUDE_LEVEL__\n",
        ),
        (Cxx, Same, "#include <self.h>\nDEPTH\n"),
        (
            Cxx,
            Same,
            "#if __has_include(<c.h>) && __has_include(\"once.h\") && !__has_include(<once.h>)\nyes\n#endif\n#if __has_include__(<c.h>)\nalso\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#if defined(__has_include) && __has_include(<nothing.h>)\nno\n#endif\n#include <nothing.h>\n#include \"nothing.h\"\nsilent\n",
        ),
        (
            Cxx,
            Same,
            "#if __has_include(\"nothing.h\")\n#endif\n#include <nothing.h>\nsilent\n",
        ),
        (
            Cxx,
            Same,
            "#if 0 && __has_include(<nothing.h>)\n#endif\n#include <nothing.h>\n",
        ),
        (
            Cxx,
            Error,
            "#if __has_include(<other.h>)\n#endif\n#include <nothing.h>\n",
        ),
        (
            Cxx,
            Same,
            "#define W <c.h>\n#if __has_include(W)\nyes\n#endif\n#if __has_include ( <c.h> )\nspaced\n#endif\n#if !__has_include(< c.h>)\nblank\n#endif\n",
        ),
        (Cxx, Error, "#if __has_include()\n#endif\n"),
        (Cxx, Error, "#if __has_include(<c.h>\n#endif\n"),
        (Cxx, Error, "#include\n"),
        (Cxx, Error, "#include x\n"),
        (Cxx, Error, "#include \"\"\n"),
        (Cxx, Error, "#include <c.h\n"),
        (
            Cxx,
            Same,
            "#include \"plain.h\" junk\n#include <c.h>// comment\n#include/**/<c.h>\n#  /* x */ include \"plain.h\"\nend\n",
        ),
        (
            Cxx,
            Same,
            "#if 0\n#include \"nothing.h\"\n#include <it's>\n#endif\nend\n",
        ),
        (
            Cxx,
            Same,
            "#line 20 \"other.ino\"\n__LINE__ __FILE__\n#line 7\n__LINE__ __FILE__\n#include \"plain.h\"\n__LINE__\n",
        ),
        (
            Cxx,
            Same,
            "#define L 30\n#line L\n__LINE__\n#define F 5 \"f\\\\g\"\n#line F\n__LINE__ __FILE__\n",
        ),
        (Cxx, Same, "# 33 \"marked.c\"\n__LINE__ __FILE__\n"),
        (Cxx, Error, "#line x\n"),
        (
            Cxx,
            Same,
            "#include \"pragma.h\"\n#include \"pragma.h\"\n#ifdef READ_TWICE\ntwice\n#endif\nx\n",
        ),
        (
            Cxx,
            Same,
            "#ifndef AGAIN\n#define AGAIN\n#include __FILE__\n#else\ninner\n#endif\nouter\n",
        ),
        (
            Cxx,
            Same,
            "#define GUARD_H\n#include \"guard.h\"\n#include \"guard.h\"\n#define SET\n#include \"undef.h\"\n#ifndef SET\nyes\n#endif\n",
        ),
        (
            Cxx,
            Same,
            "#include <avr/io.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <avr/io.h>\nPORTB NULL uint8_t\n",
        ),
        (
            C,
            Same,
            "#include <limits.h>\n#include <math.h>\n#include <string.h>\nINT_MAX M_PI\n",
        ),
    ]);
}

#[test]
fn a_file_that_includes_itself_ends() {
    let Some([_, compiler, _]) = crate::compilers() else {
        return;
    };
    let tree = SourceTree::new();
    let source = camino::Utf8PathBuf::from("/nowhere/loop.cpp");
    tree.insert(&source, b"#include \"loop.cpp\"\n".to_vec());
    let scan = cpp::scan(&tree, &compiler.dialect, &source, &[]).unwrap();
    assert!(matches!(scan, Scan::Failed { output } if output.contains("nested too deeply")));
}

/// What a closure says about paths and time.
#[test]
fn what_active_text_expands_to_is_noted() {
    let Some([_, compiler, _]) = crate::compilers() else {
        return;
    };
    let tree = SourceTree::new();
    tree.insert(
        "/nowhere/where.h".into(),
        b"#define WHERE here(__FILE__)\n#define NOWHERE(x)\n".to_vec(),
    );
    for (text, path, time) in [
        ("int x;\n", false, false),
        ("f(__FILE__);\n", true, false),
        (
            "// __FILE__\n\"__FILE__\"\n#define X __FILE__\n",
            false,
            false,
        ),
        ("#define X __FILE__\nX\n", true, false),
        ("#define A B\n#define B __FILE__\nA\n", true, false),
        (
            "#define A B\n#define B __FILE__\n#undef B\nA\n",
            false,
            false,
        ),
        ("#include \"where.h\"\nint x;\n", false, false),
        ("#include \"where.h\"\nWHERE\n", true, false),
        (
            "#include \"where.h\"\nNOWHERE(__FILE__) NOWHERE(WHERE)\n",
            false,
            false,
        ),
        ("#define F(x) __FILE__\nF\n", false, false),
        ("#define F(x) __FILE__\nF\n(1)\n", true, false),
        (
            "#define F(x) x\nF(\n#if 1\n__FILE__\n#endif\n)\n",
            true,
            false,
        ),
        ("#if 0\n__FILE__ __DATE__\n#endif\n", false, false),
        ("#define S __DATE__ \" \" __TIME__\nS\n", false, true),
        ("__TIMESTAMP__ __BASE_FILE__\n", true, true),
        ("#include __FILE__\n", true, false),
        (
            "#ifndef G\n#define G\n#include __FILE__\n#endif\n",
            true,
            false,
        ),
        ("#define P(x) _Pragma(#x)\nP(once)\nint x;\n", false, false),
    ] {
        let source = camino::Utf8PathBuf::from("/nowhere/x.cpp");
        tree.insert(&source, text.as_bytes().to_vec());
        match cpp::scan(&tree, &compiler.dialect, &source, &[]).unwrap() {
            Scan::Complete(closure) => assert_eq!(
                (closure.uses_path, closure.uses_time),
                (path, time),
                "{text}"
            ),
            Scan::Failed { .. } => assert!(text.starts_with("#include __FILE__"), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn used_and_absent_are_noted() {
    let Some([_, compiler, _]) = crate::compilers() else {
        return;
    };
    let tree = SourceTree::new();
    for (path, text) in [
        ("/n/x/a.h", "#include \"b.h\"\n"),
        ("/n/x/b.h", ""),
        ("/n/y/c.h", ""),
        ("/n/z/d.h", ""),
    ] {
        tree.insert(path.into(), text.as_bytes().to_vec());
    }
    let dirs = ["/n/w", "/n/z", "/n/y", "/n/x"].map(camino::Utf8PathBuf::from);
    let source = camino::Utf8Path::new("/n/s/s.cpp");
    tree.insert(source, b"#include <a.h>\n#if __has_include(<c.h>) && !__has_include(\"e.h\")\n#include \"c.h\"\n#endif\n".to_vec());
    let Scan::Complete(closure) = cpp::scan(&tree, &compiler.dialect, source, &dirs).unwrap()
    else {
        panic!()
    };
    assert_eq!(closure.used_dirs, ["/n/y", "/n/x"]);
    assert_eq!(closure.absent, ["e.h"]);
    let files: Vec<_> = closure
        .files
        .iter()
        .map(|file| file.path().as_str())
        .collect();
    assert_eq!(files, ["/n/s/s.cpp", "/n/x/a.h", "/n/x/b.h", "/n/y/c.h"]);
    // A file that comes later is found, although it was looked for before.
    tree.insert("/n/w/e.h".into(), Vec::new());
    let Scan::Complete(closure) = cpp::scan(&tree, &compiler.dialect, source, &dirs).unwrap()
    else {
        panic!()
    };
    assert!(closure.absent.is_empty());
}
