/// An operator whose inputs all broadcast with one another, and each element of whose only output depends on nothing but the elements
/// of the inputs that broadcasting brings to its place.
///
/// Such an operator can change places with whatever moves or repeats elements.
public protocol Elementwise: Operator {}
