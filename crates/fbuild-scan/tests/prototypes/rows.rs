//! One test for each row of semantics 4.3, named after it.

use crate::kit::{
    MAIN, block, block_of, compiled_block, merge, preprocessed, texts, unpreprocessed,
};

const NONE: [&str; 0] = [];

#[test]
fn p01_plain_functions_in_order_before_the_first() {
    let block =
        block("int x;\nvoid setup() { a(1); }\nvoid loop() { }\nint a(int b) { return b; }")
            .expect("a block");
    assert_eq!(block.before, 2);
    assert_eq!(
        block.texts(),
        ["void setup();", "void loop();", "int a(int b);"]
    );
    assert_eq!(
        block
            .prototypes
            .iter()
            .map(|(line, file, _)| (*line, file.as_str()))
            .collect::<Vec<_>>(),
        [(2, MAIN), (3, MAIN), (4, MAIN)]
    );
    assert_eq!(block.back, Some((2, MAIN.to_owned())));
}

#[test]
fn p01_a_sketch_without_functions_stays_as_it_is() {
    assert_eq!(block("int x = 3;\nstruct S { int a; } s;\n"), None);
    assert_eq!(block(""), None);
}

#[test]
fn p02_const_volatile_and_pointer_returns_are_kept() {
    for (source, prototype) in [
        ("const char* a() { return 0; }", "const char * a();"),
        (
            "const char * const * a() { return 0; }",
            "const char *const * a();",
        ),
        ("volatile int &a() { }", "volatile int & a();"),
        ("const int a() { return 1; }", "const int a();"),
        ("T *a() { }", "T* a();"),
        ("const T& a(const T &b) { }", "const T& a(const T &b);"),
        (
            "unsigned long long int a() { }",
            "unsigned long long int a();",
        ),
        ("void* a(void *b) { }", "void * a(void *b);"),
    ] {
        assert_eq!(texts(source), [prototype], "{source}");
    }
    // arduino-cli glues these together and fails; with the blank they build.
    assert_eq!(texts("T const & a() { }"), ["T const & a();"]);
}

#[test]
fn p03_inline_and_leading_attributes_go_and_static_stays() {
    for (source, prototype) in [
        ("short unsigned int a() { }", "short unsigned int a();"),
        ("static inline int a() { }", "static int a();"),
        ("inline static int a() { }", "static int a();"),
        ("inline int a() { }", "int a();"),
        (
            "__attribute__((always_inline)) inline int a() { }",
            "int a();",
        ),
        ("__attribute__((x)) static void a() { }", "static void a();"),
    ] {
        assert_eq!(texts(source), [prototype], "{source}");
    }
}

#[test]
fn p04_no_prototype_with_an_attribute_before_the_name() {
    for source in [
        "void __attribute__((x)) a() { }",
        "int __attribute__((weak)) a() { }",
        "void __attribute__((noinline,x(3))) a(int b) { }",
    ] {
        assert_eq!(texts(source), NONE, "{source}");
    }
    let macros =
        "#define MACRO_ATTR __attribute__((noinline))\nvoid MACRO_ATTR a() { }\nvoid b() { }";
    if let Some(block) = compiled_block(macros) {
        let block = block.expect("a block");
        assert_eq!(block.texts(), ["void b();"]);
        assert_eq!(
            block.before, 2,
            "the first function counts although it gets no prototype"
        );
    }
}

#[test]
fn p05_trailing_attributes_are_left_out() {
    assert_eq!(texts("int a() __attribute__((x)) { }"), ["int a();"]);
    assert_eq!(texts("[[noreturn]] void a() { }"), ["void a();"]);
}

#[test]
fn p06_default_arguments_give_no_prototype_but_count_as_first_function() {
    let block = block("void a(int b = 3) { }\nvoid c(int d) { }").expect("a block");
    assert_eq!(block.texts(), ["void c(int d);"]);
    assert_eq!((block.before, block.back), (1, Some((1, MAIN.to_owned()))));
    for list in [
        "const char *b = \"x)\"",
        "char b = ')'",
        "int b = f(1, 2)",
        "int b=(3)",
        "S b = {1, 2}",
    ] {
        assert_eq!(texts(&format!("void a({list}) {{ }}")), NONE, "{list}");
    }
}

#[test]
fn p07_methods_give_none() {
    let source = "class K {\npublic:\n  K() : a(1) { }\n  ~K();\n  int m(int b) { return a; }\n  static int s();\nprivate:\n  int a;\n};\n\
                  K::~K() { }\nint K::s() { return 1; }\nvoid setup() { }";
    let block = block(source).expect("a block");
    assert_eq!(block.texts(), ["void setup();"]);
    assert_eq!(block.before, 12);
    assert_eq!(
        texts("struct S { void m() { } operator int() { return 1; } };"),
        NONE
    );
}

#[test]
fn p07_functions_of_a_union_count_as_free_ones() {
    assert_eq!(
        texts("union U { int a; int get() { return a; } };"),
        ["int get();"]
    );
}

#[test]
fn p08_same_text_as_an_inline_member() {
    assert_eq!(
        texts("class A { void u() { } };\nvoid u() { }"),
        ["void u();"]
    );
}

#[test]
fn p09_same_text_as_a_declared_member() {
    assert_eq!(
        texts("class A { void u(); };\nvoid u() { }\nint v() { }"),
        ["int v();"]
    );
    assert_eq!(
        texts("class A { void u(int a); };\nvoid u(int b) { }"),
        ["void u(int b);"]
    );
    assert_eq!(
        texts("class A { friend void u(); };\nvoid u() { }"),
        ["void u();"]
    );
}

#[test]
fn p10_namespace_members_give_none() {
    let source = "namespace N { int a() { return 1; } namespace M { void b() { } } }\nnamespace { void c() { } }\nvoid d() { }";
    assert_eq!(texts(source), ["void d();"]);
    assert_eq!(texts("inline namespace N { void a() { } }"), NONE);
}

#[test]
fn p11_extern_c_for_exactly_those_inside() {
    let source = "extern \"C\" void a() { }\nextern \"C\" { void b() { } }\nextern \"C\" {\nvoid c() { }\nint d() {\n  return 1;\n}\n}\n\
                  extern \"C\"\n{\nvoid e() { }\n}\nvoid f() { }";
    assert_eq!(
        texts(source),
        [
            "extern \"C\" void a();",
            "extern \"C\" void b();",
            "extern \"C\" void c();",
            "extern \"C\" int d();",
            "extern \"C\" void e();",
            "void f();"
        ]
    );
    assert_eq!(
        texts("extern \"C\" {\nvoid a() { static int b; }\nvoid c() { }\n}"),
        ["extern \"C\" void c();"],
        "arduino-cli writes `static extern \"C\"`, which does not compile"
    );
}

#[test]
fn p12_declared_before_and_defined_plainly() {
    assert_eq!(
        texts("extern \"C\" void a(void);\nvoid a(void) { }\nvoid b() { }"),
        ["void b();"]
    );
    assert_eq!(
        texts("void a(int b);\nvoid a(int c) { }"),
        ["void a(int c);"],
        "another spelling does not suppress"
    );
    assert_eq!(
        texts("void a(int  b);\nvoid a(int b) { }"),
        NONE,
        "blanks are one"
    );
}

#[test]
fn p13_templates_on_one_line() {
    assert_eq!(
        texts("template<typename T> T a(T b) { return b; }"),
        ["template<typename T> T a(T b) ;"]
    );
    assert_eq!(
        texts("template <class T, int N> void a(T b)\n{ }"),
        ["template <class T, int N> void a(T b);"]
    );
    assert_eq!(
        texts("template<> int id<int>(int a) { }"),
        ["template<> int id<int>(int a) ;"]
    );
    assert_eq!(
        texts("template<class T> static T a(T b) { }"),
        ["template<class T> static T a(T b) ;"]
    );
    assert_eq!(
        texts("template<class T> void a(void (*b)(T)) { }"),
        ["template<class T> void a(void (*b)(T)) ;"]
    );
    assert_eq!(texts("template<class T, int N = 3> void a(T b) { }"), NONE);
}

#[test]
fn p14_template_head_on_the_previous_line() {
    let block = block("int x;\ntemplate <typename T>\nT a(T b) { return b; }\nvoid c() { }")
        .expect("a block");
    assert_eq!(
        block.texts(),
        ["template <typename T>T a(T b);", "void c();"]
    );
    assert_eq!(block.prototypes[0].0, 1, "counted from zero");
    assert_eq!((block.before, block.back), (1, Some((1, MAIN.to_owned()))));
}

#[test]
fn p14_template_on_the_first_line_of_the_file() {
    let block = block("template <typename T>\nT a(T b) { return b; }").expect("a block");
    assert_eq!((block.before, block.prototypes[0].0), (0, 0));
}

#[test]
fn p15_template_head_further_above() {
    assert_eq!(
        texts("template <typename T>\n\nT a(T b) { return b; }\nvoid c() { }"),
        ["void c();"]
    );
    assert_eq!(
        texts("template <typename T>\nT\na(T b) { return b; }\nvoid c() { }"),
        ["void c();"]
    );
}

#[test]
fn p16_templates_with_shifts_and_nesting() {
    for source in [
        "template<int N = (1<<3)> struct S { int a; };",
        "template<int N = (16>>2)> struct S { int a; };",
        "template<class T> struct S : B<B<T>> { };",
        "std::map<int, Box<int> > m;",
        "Box<Box<Box<3>>> b;",
        "int c = a < b, d = a > b, e = a << 3 >> 2;",
        "template <class T> class F;\ntemplate <class R, class... A> class F<R(A...)> { R (*p)(A...); };",
        "bool b = a < 3 && c > 4;",
    ] {
        assert_eq!(
            texts(&format!("{source}\nvoid after() {{ }}")),
            ["void after();"],
            "{source}"
        );
    }
}

#[test]
fn p17_return_type_is_a_template_instance() {
    assert_eq!(texts("Box<int> a() { }"), NONE);
    assert_eq!(
        texts("int a(Box<int> b, Box<Box<int>> c) { }"),
        ["int a(Box<int> b, Box<Box<int>> c);"]
    );
}

#[test]
fn p18_dependent_return_types() {
    assert_eq!(texts("typename F<T>::B a() { }"), NONE);
    assert_eq!(texts("F<T>::B a() { }\nint b() { }"), ["int b();"]);
}

#[test]
fn p19_qualified_types_as_written() {
    assert_eq!(texts("q::Z a(q::Z b) { }"), ["q::Z a(q::Z b);"]);
    assert_eq!(texts("::q::Z a() { }"), ["::q::Z a();"]);
    assert_eq!(texts("q::r::Z a() { }"), ["q::r::Z a();"]);
    assert_eq!(
        texts("q::Z *a() { }\nq::Z &b() { }"),
        NONE,
        "with a pointer it passes for a member of q"
    );
}

#[test]
fn p20_operators() {
    assert_eq!(
        texts("V operator +(const V& a, const V& b) { }"),
        ["V operator +(const V& a, const V& b);"]
    );
    assert_eq!(
        texts("V operator<<(V a, int b) { }"),
        ["V operator <<(V a, int b);"]
    );
    assert_eq!(texts("V operator-(V a) { }"), ["V operator -(V a);"]);
    for sign in ["==", "!=", "+=", "<=", ">="] {
        assert_eq!(
            texts(&format!("bool operator{sign}(V a, V b) {{ }}")),
            NONE,
            "{sign}"
        );
    }
    assert_eq!(texts("int operator\"\" _km(int a) { }"), NONE);
    assert_eq!(
        texts("void* operator new(size_t a) { }"),
        ["void * operator new(size_t a);"]
    );
}

#[test]
fn p21_trailing_return_types_and_lambdas() {
    assert_eq!(
        texts("auto a()->int { return 1; }\nint b() { }"),
        ["int b();"]
    );
    assert_eq!(
        texts("auto l = [](int a) -> int { return a; };\nint b() { }"),
        ["int b();"]
    );
}

#[test]
fn p22_noexcept() {
    assert_eq!(texts("int a() noexcept { }\nint b() { }"), ["int b();"]);
}

#[test]
fn p23_constexpr() {
    assert_eq!(
        texts("constexpr int a(int x) { return x; }"),
        ["constexpr int a(int x);"]
    );
}

#[test]
fn p24_decltype() {
    assert_eq!(texts("decltype(x) a() { }"), [" a();"]);
}

#[test]
fn p25_parameters_verbatim() {
    for list in [
        "void (*cb)(int)",
        "int b, void (*cb)(T)",
        "int b[3], int (*c)[3], int (&d)[2]",
        "const char *b, ...",
        "void",
        " void ",
        "int, char *, unsigned",
        "struct S b, enum E c",
        "const Box<int> &b, int &&c",
        "int b[N * (3 + 1)]",
    ] {
        assert_eq!(
            texts(&format!("int a({list}) {{ }}")),
            [format!("int a({list});")],
            "{list}"
        );
    }
}

#[test]
fn p25_parameters_that_the_tagger_spoils() {
    // A pointer to a function that returns a class as the first parameter, an ellipsis alone.
    assert_eq!(
        texts("int a(T (*cb)(int)) { }\nint b(...) { }\nint c() { }"),
        ["int c();"]
    );
}

#[test]
fn p26_functions_returning_pointers_to_functions_or_arrays() {
    assert_eq!(
        texts("void (*a(int b))(int) { }\nint (&c())[3] { }\nint d() { }"),
        ["int d();"]
    );
}

#[test]
fn p27_types_of_the_sketch() {
    let block = block("struct S { int a; };\nenum E { A };\nvoid setup() { }\nS a(S b) { }\nstruct S c(enum E d) { }").expect("a block");
    assert_eq!(block.before, 3);
    assert_eq!(
        block.texts(),
        ["void setup();", "S a(S b);", "struct S c(enum E d);"]
    );
    let late =
        crate::kit::block("void setup() { }\nstruct S { int a; };\nS a() { }").expect("a block");
    assert_eq!(
        (late.before, late.texts()),
        (1, vec!["void setup();", "S a();"])
    );
}

#[test]
fn p28_enum_class_and_static_assert() {
    for source in [
        "enum class E : int { A, B = 3 };",
        "enum class E { A = f(3), B = (1 << 2) } e;",
        "enum E : uint8_t;",
        "static_assert(sizeof(int) == 2, \"x\");",
        "namespace N { static_assert(sizeof(int) == 2, \"x\"); }",
    ] {
        assert_eq!(
            texts(&format!("{source}\nvoid after() {{ }}")),
            ["void after();"],
            "{source}"
        );
    }
}

#[test]
fn p29_function_after_using() {
    assert_eq!(texts("using A = int;\nT a() { }\nT b() { }"), ["T b();"]);
    assert_eq!(
        texts("using namespace std;\nvoid a() { }\nvoid b() { }"),
        ["void b();"]
    );
    assert_eq!(texts("using A = int;\nint x;\nT b() { }"), ["T b();"]);
}

#[test]
fn p30_only_active_branches_and_the_block_inside_one() {
    let source = "#define YES\n#ifdef YES\nvoid a() { }\n#else\nvoid b() { }\n#endif\nvoid c() { }";
    if let Some(block) = compiled_block(source) {
        let block = block.expect("a block");
        assert_eq!(block.texts(), ["void a();", "void c();"]);
        assert_eq!(block.before, 3);
    }
}

#[test]
fn p31_signature_chosen_by_a_conditional() {
    let source =
        "#define YES\n#ifdef YES\nvoid a(int b)\n#else\nvoid a(char b)\n#endif\n{\n}\nvoid c() { }";
    if let Some(block) = compiled_block(source) {
        assert_eq!(
            block.expect("a block").texts(),
            ["void a(int b);", "void c();"]
        );
    }
}

#[test]
fn p32_macros() {
    let source = "#define FN(name) void name(int a)\n#define RET unsigned long\n#define PAR int b\nFN(f) { }\nRET g(PAR) { }\n\
                  ISR(TIMER1_OVF_vect) { }\nvoid h() { }";
    if let Some(block) = compiled_block(source) {
        let block = block.expect("a block");
        assert_eq!(
            block.texts(),
            ["void f(int a);", "unsigned long g(int b);", "void h();"]
        );
        assert_eq!(block.before, 4);
    }
}

#[test]
fn p33_comment_inside_a_definition_line() {
    for source in [
        "int a(int b /* c */) { }",
        "int /* c */ a() { }",
        "int a /* c */ (int b) { }",
    ] {
        assert_eq!(texts(source), NONE, "{source}");
    }
    assert_eq!(texts("int a(int b) /* c */ { }"), ["int a(int b);"]);
}

#[test]
fn p34_lists_and_types_over_several_lines() {
    let cases: [(&str, &[&str]); 9] = [
        ("void a(int b,\n  char c) {\n}", &["void a(int b, char c);"]),
        (
            "void a(int b, // first\n  char c /* second */,\n  // third\n  long d\n) {\n}",
            &["void a(int b, char c , long d );"],
        ),
        ("void a(\n  int b\n) {\n}", &["void a( int b );"]),
        ("int\na() { }", &["int a();"]),
        ("unsigned\nlong\na() { }", &["unsigned long a();"]),
        ("int // c\n/* d */\na() { }", &["int a();"]),
        ("int\n\na(int b,\n  int c) { }", &["int a(int b, int c);"]),
        ("void a(int b, // )\n  char c) { }", &[]),
        ("void a(int b,\n  void (*c)(int),\n  char d) { }", &[]),
    ];
    for (source, expected) in cases {
        assert_eq!(texts(source), expected, "{source}");
    }
}

#[test]
fn p34_line_numbers_of_a_return_type_above() {
    let block = block("int x;\nint y;\nint\na() { }\nvoid b() { }").expect("a block");
    assert_eq!(
        block.prototypes[0].0, 2,
        "one less than the return type's line"
    );
    assert_eq!((block.before, block.back), (2, Some((2, MAIN.to_owned()))));
}

#[test]
fn p34_more_than_ten_lines_of_list() {
    let list = |lines: usize| {
        (0..lines)
            .map(|line| format!("  int p{line}"))
            .collect::<Vec<_>>()
            .join(",\n")
    };
    assert_eq!(texts(&format!("void a(\n{}) {{ }}", list(10))).len(), 1);
    assert_eq!(texts(&format!("void a(\n{}) {{ }}", list(11))).len(), 0);
}

#[test]
fn p35_backslash_continued_list() {
    if let Some(block) = compiled_block("void a(int b, \\\n  int c) { }\nvoid d() { }") {
        assert_eq!(block.expect("a block").texts(), ["void d();"]);
    }
}

#[test]
fn p36_literals_do_not_confuse() {
    for source in [
        "const char *a = \"{ \\\" // /* ( \";",
        "char a = '\"', b = '\\'', c = '{', d = '\\\\';",
        "const char a[] = \"x\\\n  } y\";",
        "void b() { c(\"}\"); c('}'); c(\"\\\\\"); } // }",
        "#define X \"{\"\n#define Y a \\\n  { (",
    ] {
        if let Some(block) = compiled_block(&format!("{source}\nvoid after(int a) {{ }}")) {
            assert_eq!(
                block.expect("a block").texts().last(),
                Some(&"void after(int a);"),
                "{source}"
            );
        }
    }
}

#[test]
fn p37_raw_strings() {
    assert_eq!(
        texts("const char *a = R\"(void x() { })\";\nvoid b() { }"),
        ["void b();"]
    );
    assert_eq!(
        texts("const char *a = R\"(\nvoid x() { }\n)\";\nvoid b() { }"),
        ["void b();"]
    );
    assert_eq!(
        texts("void a() { }\nconst char *b = R\"(say \"x)\";\nvoid c() { }"),
        ["void a();"]
    );
}

#[test]
fn p38_include_in_a_comment() {
    let source =
        "/* x\n#include <Foo.h>\n*/\n// #include <Bar.h>\nvoid setup() { }\nvoid loop() { }";
    if let Some(block) = compiled_block(source) {
        let block = block.expect("a block");
        assert_eq!(
            (block.before, block.texts()),
            (5, vec!["void setup();", "void loop();"])
        );
    }
}

#[test]
fn p39_function_pointers_move_the_block() {
    for (line, before) in [
        ("T obj(callback);", 2),
        ("T obj(&callback);", 2),
        ("T obj(1, &callback);", 3),
        ("T obj = T(1, &callback);", 2),
        ("void (*f)() = &callback;", 2),
        ("T obj[] = { callback, other };", 3),
        ("T obj(1, callback);", 3),
        ("T obj(callbacks);", 3),
    ] {
        let source = format!(
            "int x;\n{line}\nvoid setup() {{ }}\nvoid callback() {{ }}\nvoid other() {{ }}"
        );
        let block = block(&source).expect("a block");
        assert_eq!(
            (block.before, block.back),
            (before, Some((before as u32, MAIN.to_owned()))),
            "{line}"
        );
    }
}

#[test]
fn p39_a_use_inside_a_class_moves_the_block_before_the_class() {
    let block = block("int x;\nclass A {\n  int q;\n  void m() { attach(&cb); }\n};\nvoid setup() { }\nvoid cb() { }").expect("a block");
    assert_eq!(block.before, 2);
}

#[test]
fn p40_an_address_in_a_comment_moves_it_too() {
    let block = block("int x; // see &cb\nvoid setup() { }\nvoid cb() { }").expect("a block");
    assert_eq!(block.before, 1);
}

#[test]
fn p41_several_files() {
    let files = [
        (MAIN, "int x;\nvoid setup() { a(); }\nvoid loop() { }"),
        ("/s/a.ino", "void a() { }\nstatic int b(int c) { }"),
        ("/s/b.ino", "\nvoid d() { }\nvoid a() { }"),
    ];
    let block = block_of(&files, &unpreprocessed(&merge(&files))).expect("a block");
    let all: Vec<_> = block
        .prototypes
        .iter()
        .map(|(line, file, text)| (*line, file.as_str(), text.as_str()))
        .collect();
    assert_eq!(
        all,
        [
            (2, MAIN, "void setup();"),
            (3, MAIN, "void loop();"),
            (1, "/s/a.ino", "void a();"),
            (2, "/s/a.ino", "static int b(int c);"),
            (2, "/s/b.ino", "void d();"),
        ]
    );
    assert_eq!((block.before, block.back), (2, Some((2, MAIN.to_owned()))));
}

#[test]
fn p41_the_block_ends_with_the_first_prototypes_file() {
    let files = [
        (
            MAIN,
            "void setup(int a = 1);\nvoid __attribute__((x)) b() { }",
        ),
        ("/s/a.ino", "void a() { }"),
    ];
    let block = block_of(&files, &unpreprocessed(&merge(&files))).expect("a block");
    assert_eq!(
        (block.before, block.back),
        (2, Some((2, "/s/a.ino".to_owned())))
    );
}

#[test]
fn p42_main_file_without_functions() {
    let files = [
        (MAIN, "int x;"),
        ("/s/a.ino", "void a() { }\nvoid setup() { }"),
    ];
    let block = block_of(&files, &unpreprocessed(&merge(&files))).expect("a block");
    assert_eq!((block.before, block.back), (0, None));
    assert_eq!(
        block.prototypes[0],
        (1, "/s/a.ino".to_owned(), "void a();".to_owned())
    );
    let own = [
        (MAIN, "#include <Arduino.h>\nint x;"),
        ("/s/a.ino", "void a() { }"),
    ];
    let block = block_of(&own, &unpreprocessed(&merge(&own))).expect("a block");
    assert_eq!(
        (block.before, block.texts()),
        (3, vec!["void a();"]),
        "behind the main file"
    );
}

#[test]
fn p43_the_line_above_a_return_type_may_be_in_the_middle_of_something() {
    for (source, before) in [
        ("/* a\n b */\nint\nf() { }", 3),
        ("enum {\n  A\n};\nint\nf() { }", 4),
        ("#define X \\\n  3\nint\nf() { }", 3),
        ("int g(int a,\n  int b);\nint\nf() { }", 3),
        ("int x = f();\nint\nf() { }", 1),
        ("int x;\n\nint\nf() { }", 2),
    ] {
        assert_eq!(block(source).expect("a block").before, before, "{source}");
    }
}

#[test]
fn p44_first_function_inside_an_extern_c_block() {
    let block = block("extern \"C\" {\nvoid a() { }\n}\nvoid b() { }").expect("a block");
    assert_eq!(
        (block.before, block.texts()),
        (2, vec!["extern \"C\" void a();", "void b();"])
    );
}

#[test]
fn p45_static_on_the_line_above() {
    let block = block("void setup() { }\nstatic\nint e() { }").expect("a block");
    assert_eq!(block.texts(), ["void setup();", "int e();"]);
}

#[test]
fn p45_static_anywhere_in_the_first_line() {
    for source in [
        "void e() { static int a; }",
        "void e() { } // static x",
        "static void f() { } void e() { }",
    ] {
        assert_eq!(
            texts(source).last().map(String::as_str),
            Some("static void e();"),
            "{source}"
        );
    }
    assert_eq!(texts("void e() {\n  static int a;\n}"), ["void e();"]);
}

#[test]
fn p46_arduino_h_included_by_the_sketch() {
    let source = "#include <Arduino.h>\nvoid setup() { }\nvoid loop() { }";
    let files = [(MAIN, source)];
    let Some(text) = preprocessed(&merge(&files)) else {
        return;
    };
    let block = block_of(&files, &text).expect("a block");
    assert_eq!((block.before, block.back), (2, Some((2, MAIN.to_owned()))));
}

#[test]
fn p48_non_ascii_names_and_quotes_in_paths() {
    assert_eq!(texts("void é() { }\nvoid b() { }"), ["void b();"]);
    let files = [("/s/a\\\"b.ino", "void a() { }")];
    let merged = merge(&files);
    let unchanged = fbuild_scan::prototypes::insert_prototypes(
        &merged,
        &unpreprocessed(&merged),
        &["/s/a\"b.ino".into()],
    );
    assert_eq!(unchanged, merged);
}

#[test]
fn s4_2_2_functions_of_headers_and_included_files_do_not_count() {
    let preprocessed = "# 1 \"/s/s.ino\"\nvoid setup() { }\n# 1 \"/s/x.h\" 1\nvoid header() { }\n# 9 \"/s/s.ino\" 2\nvoid loop() { }\n";
    let source = "void setup() { }\n#include \"x.h\"\n\n\n\n\n\n\nvoid loop() { }";
    let block = block_of(&[(MAIN, source)], preprocessed).expect("a block");
    assert_eq!(
        block.prototypes,
        [
            (1, MAIN.into(), "void setup();".into()),
            (9, MAIN.into(), "void loop();".into())
        ]
    );
}

#[test]
fn s4_1_2_line_ends_become_newlines() {
    let merged = "#include <Arduino.h>\r\n#line 1 \"/s/s.ino\"\r\nvoid a() { }\rvoid b() { }\r\n";
    let preprocessed = "# 1 \"/s/s.ino\"\nvoid a() { }\nvoid b() { }\n";
    let text = fbuild_scan::prototypes::insert_prototypes(merged, preprocessed, &[MAIN.into()]);
    assert!(!text.contains('\r'));
    assert!(
        text.ends_with("#line 1 \"/s/s.ino\"\nvoid a() { }\nvoid b() { }\n"),
        "{text}"
    );
}
