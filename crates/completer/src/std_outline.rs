//! An outline of the standard library, for machines on which its sources are not installed.
//!
//! It contains what the compiler itself refers to (`?`, `derive`, closures, references) and the
//! types that wrap those of other crates. Most of the standard library is missing, so few
//! methods of it are offered as completions.
//!
//! This file is not compiled into the program. rust-analyzer reads it as the crate `std`.
#![feature(lang_items)]
#![rustc_coherence_is_core]
#![no_core]

#[prelude_import]
use prelude::rust_2024::*;

pub mod prelude {
    pub mod v1 {
        pub use crate::boxed::Box;
        pub use crate::clone::Clone;
        pub use crate::cmp::{Eq, Ord, PartialEq, PartialOrd};
        pub use crate::convert::{AsMut, AsRef, From, Into, TryFrom, TryInto};
        pub use crate::default::Default;
        pub use crate::attributes::{derive, test};
        pub use crate::derives::{Debug, Hash};
        pub use crate::iter::{IntoIterator, Iterator};
        pub use crate::marker::{Copy, Send, Sized, Sync};
        pub use crate::ops::{Drop, Fn, FnMut, FnOnce};
        pub use crate::option::Option::{self, None, Some};
        pub use crate::result::Result::{self, Err, Ok};
        pub use crate::string::{String, ToString};
        pub use crate::vec::Vec;
    }
    pub mod rust_2015 {
        pub use super::v1::*;
    }
    pub mod rust_2018 {
        pub use super::v1::*;
    }
    pub mod rust_2021 {
        pub use super::v1::*;
    }
    pub mod rust_2024 {
        pub use super::v1::*;
    }
}

pub mod marker {
    #[lang = "pointee_sized"]
    pub trait PointeeSized {}
    #[lang = "meta_sized"]
    pub trait MetaSized: PointeeSized {}
    #[lang = "sized"]
    pub trait Sized: MetaSized {}
    #[lang = "unsize"]
    pub trait Unsize<T: ?Sized> {}
    #[lang = "copy"]
    pub trait Copy: Clone {}
    #[lang = "tuple_trait"]
    pub trait Tuple {}
    #[lang = "phantom_data"]
    pub struct PhantomData<T: ?Sized>;
    pub auto trait Send {}
    #[lang = "sync"]
    pub auto trait Sync {}
    #[rustc_builtin_macro]
    pub macro Copy($item:item) {}

    macro_rules! copy {
        ($($name:ty)*) => { $( impl Copy for $name {} )* };
    }
    copy! { usize u8 u16 u32 u64 u128 isize i8 i16 i32 i64 i128 f32 f64 bool char }
    impl<T: ?Sized> Copy for &T {}
}

pub mod clone {
    #[lang = "clone"]
    pub trait Clone: Sized {
        fn clone(&self) -> Self;
        fn clone_from(&mut self, source: &Self) {}
    }
    #[rustc_builtin_macro]
    pub macro Clone($item:item) {}

    macro_rules! clone {
        ($($name:ty)*) => { $( impl Clone for $name { fn clone(&self) -> Self {} } )* };
    }
    clone! { usize u8 u16 u32 u64 u128 isize i8 i16 i32 i64 i128 f32 f64 bool char }
    impl<T: ?Sized> Clone for &T {
        fn clone(&self) -> Self {}
    }
}

pub mod cmp {
    #[lang = "eq"]
    pub trait PartialEq<Rhs: ?Sized = Self> {
        fn eq(&self, other: &Rhs) -> bool;
    }
    pub trait Eq: PartialEq {}
    #[lang = "partial_ord"]
    pub trait PartialOrd<Rhs: ?Sized = Self>: PartialEq<Rhs> {}
    pub trait Ord: Eq + PartialOrd {}
    #[rustc_builtin_macro]
    pub macro PartialEq($item:item) {}
    #[rustc_builtin_macro]
    pub macro Eq($item:item) {}
    #[rustc_builtin_macro]
    pub macro PartialOrd($item:item) {}
    #[rustc_builtin_macro]
    pub macro Ord($item:item) {}
}

pub mod convert {
    pub enum Infallible {}
    pub trait From<T>: Sized {
        fn from(value: T) -> Self;
    }
    pub trait Into<T>: Sized {
        fn into(self) -> T;
    }
    pub trait TryFrom<T>: Sized {
        type Error;
        fn try_from(value: T) -> Result<Self, Self::Error>;
    }
    pub trait TryInto<T>: Sized {
        type Error;
        fn try_into(self) -> Result<T, Self::Error>;
    }
    pub trait AsRef<T: ?Sized> {
        fn as_ref(&self) -> &T;
    }
    pub trait AsMut<T: ?Sized> {
        fn as_mut(&mut self) -> &mut T;
    }
    impl<T> From<T> for T {
        fn from(value: T) -> T {}
    }
    impl<T, U: From<T>> Into<U> for T {
        fn into(self) -> U {}
    }
    impl<E: crate::error::Error> From<E> for Box<dyn crate::error::Error> {
        fn from(error: E) -> Self {}
    }
}

pub mod default {
    pub trait Default: Sized {
        fn default() -> Self;
    }
    #[rustc_builtin_macro]
    pub macro Default($item:item) {}
}

pub mod error {
    pub trait Error: crate::fmt::Debug + crate::fmt::Display {}
}

pub mod fmt {
    pub struct Error;
    pub struct Formatter<'a>;
    pub type Result = crate::result::Result<(), Error>;
    pub trait Debug {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result;
    }
    pub trait Display {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result;
    }
    #[rustc_builtin_macro]
    pub macro Debug($item:item) {}
}

pub mod hash {
    pub trait Hasher {}
    pub trait Hash {
        fn hash<H: Hasher>(&self, state: &mut H);
    }
    #[rustc_builtin_macro]
    pub macro Hash($item:item) {}
}

pub mod iter {
    #[lang = "iterator"]
    pub trait Iterator {
        type Item;
        #[lang = "next"]
        fn next(&mut self) -> Option<Self::Item>;
    }
    pub trait IntoIterator {
        type Item;
        type IntoIter: Iterator<Item = Self::Item>;
        #[lang = "into_iter"]
        fn into_iter(self) -> Self::IntoIter;
    }
    impl<I: Iterator> IntoIterator for I {
        type Item = I::Item;
        type IntoIter = I;
        fn into_iter(self) -> I {}
    }
}

pub mod ops {
    use crate::convert::Infallible;
    use crate::marker::{PointeeSized, Tuple};

    #[lang = "drop"]
    pub trait Drop {
        fn drop(&mut self);
    }
    #[lang = "deref"]
    pub trait Deref: PointeeSized {
        #[lang = "deref_target"]
        type Target: ?Sized;
        fn deref(&self) -> &Self::Target;
    }
    #[lang = "deref_mut"]
    pub trait DerefMut: Deref + PointeeSized {
        fn deref_mut(&mut self) -> &mut Self::Target;
    }
    impl<T: PointeeSized> Deref for &T {
        type Target = T;
        fn deref(&self) -> &T {}
    }
    impl<T: PointeeSized> Deref for &mut T {
        type Target = T;
        fn deref(&self) -> &T {}
    }

    #[lang = "fn"]
    #[fundamental]
    #[rustc_paren_sugar]
    pub trait Fn<Args: Tuple>: FnMut<Args> {
        extern "rust-call" fn call(&self, args: Args) -> Self::Output;
    }
    #[lang = "fn_mut"]
    #[fundamental]
    #[rustc_paren_sugar]
    pub trait FnMut<Args: Tuple>: FnOnce<Args> {
        extern "rust-call" fn call_mut(&mut self, args: Args) -> Self::Output;
    }
    #[lang = "fn_once"]
    #[fundamental]
    #[rustc_paren_sugar]
    pub trait FnOnce<Args: Tuple> {
        #[lang = "fn_once_output"]
        type Output;
        extern "rust-call" fn call_once(self, args: Args) -> Self::Output;
    }

    macro_rules! operator {
        ($($lang:literal $name:ident $method:ident)*) => { $(
            #[lang = $lang]
            pub trait $name<Rhs = Self> {
                type Output;
                fn $method(self, rhs: Rhs) -> Self::Output;
            }
        )* };
    }
    operator! { "add" Add add "sub" Sub sub "mul" Mul mul "div" Div div "rem" Rem rem }

    pub enum ControlFlow<B, C = ()> {
        #[lang = "Continue"]
        Continue(C),
        #[lang = "Break"]
        Break(B),
    }
    pub trait FromResidual<R = <Self as Try>::Residual> {
        #[lang = "from_residual"]
        fn from_residual(residual: R) -> Self;
    }
    #[lang = "Try"]
    pub trait Try: FromResidual<Self::Residual> {
        type Output;
        type Residual;
        #[lang = "from_output"]
        fn from_output(output: Self::Output) -> Self;
        #[lang = "branch"]
        fn branch(self) -> ControlFlow<Self::Residual, Self::Output>;
    }
    impl<T> Try for Option<T> {
        type Output = T;
        type Residual = Option<Infallible>;
        fn from_output(output: T) -> Self {}
        fn branch(self) -> ControlFlow<Self::Residual, T> {}
    }
    impl<T> FromResidual<Option<Infallible>> for Option<T> {
        fn from_residual(residual: Option<Infallible>) -> Self {}
    }
    impl<T, E> Try for Result<T, E> {
        type Output = T;
        type Residual = Result<Infallible, E>;
        fn from_output(output: T) -> Self {}
        fn branch(self) -> ControlFlow<Self::Residual, T> {}
    }
    impl<T, E, F: From<E>> FromResidual<Result<Infallible, E>> for Result<T, F> {
        fn from_residual(residual: Result<Infallible, E>) -> Self {}
    }
}

pub mod option {
    #[lang = "Option"]
    pub enum Option<T> {
        #[lang = "None"]
        None,
        #[lang = "Some"]
        Some(T),
    }
    impl<T> Option<T> {
        /// Returns the contained value. Panics if there is none.
        pub fn unwrap(self) -> T {}
        /// Returns the contained value. Panics with the message if there is none.
        pub fn expect(self, msg: &str) -> T {}
    }
    impl<T: Clone> Clone for Option<T> {
        fn clone(&self) -> Self {}
    }
}

pub mod result {
    #[lang = "Result"]
    pub enum Result<T, E> {
        #[lang = "Ok"]
        Ok(T),
        #[lang = "Err"]
        Err(E),
    }
    impl<T, E> Result<T, E> {
        /// Returns the contained value. Panics if it is an error.
        pub fn unwrap(self) -> T {}
        /// Returns the contained value. Panics with the message if it is an error.
        pub fn expect(self, msg: &str) -> T {}
        /// Returns the contained value and drops the error.
        pub fn ok(self) -> Option<T> {}
    }
}

pub mod boxed {
    #[lang = "owned_box"]
    pub struct Box<T: ?Sized>(*mut T);
    impl<T: ?Sized> crate::ops::Deref for Box<T> {
        type Target = T;
        fn deref(&self) -> &T {}
    }
}

pub mod rc {
    pub struct Rc<T: ?Sized>(*mut T);
    impl<T: ?Sized> crate::ops::Deref for Rc<T> {
        type Target = T;
        fn deref(&self) -> &T {}
    }
    impl<T: ?Sized> Clone for Rc<T> {
        fn clone(&self) -> Self {}
    }
}

pub mod sync {
    pub struct Arc<T: ?Sized>(*mut T);
    impl<T: ?Sized> crate::ops::Deref for Arc<T> {
        type Target = T;
        fn deref(&self) -> &T {}
    }
    impl<T: ?Sized> Clone for Arc<T> {
        fn clone(&self) -> Self {}
    }
}

pub mod string {
    #[lang = "String"]
    pub struct String;
    pub trait ToString {
        fn to_string(&self) -> String;
    }
    impl crate::ops::Deref for String {
        type Target = str;
        fn deref(&self) -> &str {}
    }
    impl Clone for String {
        fn clone(&self) -> Self {}
    }
    impl AsRef<str> for String {
        fn as_ref(&self) -> &str {}
    }
    impl<T: crate::fmt::Display + ?Sized> ToString for T {
        fn to_string(&self) -> String {}
    }
}

pub mod vec {
    pub struct Vec<T>(*mut T);
    impl<T> crate::ops::Deref for Vec<T> {
        type Target = [T];
        fn deref(&self) -> &[T] {}
    }
    impl<T: Clone> Clone for Vec<T> {
        fn clone(&self) -> Self {}
    }
    impl<T> AsRef<[T]> for Vec<T> {
        fn as_ref(&self) -> &[T] {}
    }
}

/// The derives whose traits of the same names are not in the prelude.
mod derives {
    #[rustc_builtin_macro]
    pub macro Debug($item:item) {}
    #[rustc_builtin_macro]
    pub macro Hash($item:item) {}
}

/// The attributes that are macros. Each unknown attribute makes rust-analyzer resolve all names
/// once more.
mod attributes {
    #[rustc_builtin_macro]
    pub macro derive($item:item) {}
    #[rustc_builtin_macro]
    pub macro test($item:item) {}
}
