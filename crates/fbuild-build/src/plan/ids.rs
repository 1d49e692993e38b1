//! Positions in a plan, one type per list so that they cannot be mixed up.

macro_rules! index_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u32);

        impl $name {
            /// Makes the id of the entry at `index`.
            pub fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("a plan has fewer than 2^32 entries"))
            }

            /// Returns the position in the plan.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index_type!(
    /// Names a shared action of a plan.
    ActionId
);
index_type!(
    /// Names an archive of a plan.
    ArchiveId
);
index_type!(
    /// Names a precompiled preamble of a plan.
    PchId
);
