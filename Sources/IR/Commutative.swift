/// An operator of two operands whose order does not matter; patterns match it either way.
public protocol Commutative: Operator {}
