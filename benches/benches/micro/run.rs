//! Planning the repository's examples, and a run of them in which nothing changed; both with what earlier runs left in the cache.

use divan::Bencher;
use divan::counter::ItemsCount;

use crate::examples::Examples;

/// Discovery, libraries, prototypes, commands; what the compiler was asked once is known.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn plan(bencher: Bencher<'_, '_>) {
    let Some(examples) = Examples::found() else {
        return;
    };
    examples.plan();
    bencher
        .counter(ItemsCount::new(examples.count()))
        .bench_local(|| examples.plan());
}

/// Everything is in the cache and in place.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn warm(bencher: Bencher<'_, '_>) {
    let Some(examples) = Examples::found() else {
        return;
    };
    assert_eq!(examples.run().0, examples.count());
    bencher
        .counter(ItemsCount::new(examples.count()))
        .bench_local(|| {
            let (built, processes) = examples.run();
            assert_eq!((built, processes), (examples.count(), 0));
        });
}
