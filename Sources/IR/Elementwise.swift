import LatheTensors

/// An operator whose inputs all broadcast with one another, and each element of whose only output depends on nothing but the elements
/// of the inputs that broadcasting brings to its place.
///
/// Such an operator can change places with whatever moves or repeats elements.
public protocol Elementwise: AxisMapping {}

extension Elementwise {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    .broadcasting(inputs, outputs)
  }
}
