internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// Convolution of each channel with the elements before, the first of which come from a state; and the state for what follows.
///
/// The input is [batch, channels, length], the weight [channels, 1, k], the states are [batch, channels, k − 1]. Sums are taken in
/// double precision and rounded before the activation, as the specification has it.
public struct CausalConvWithState: FloatEvaluable {
  /// What is applied to the sums.
  public enum Activation: String, Sendable, Hashable, CaseIterable {
    case none, silu, swish
  }

  private static let types: DTypeDomain = [.float32, .float16, .bfloat16]

  public static let schema = OperatorSchema(
    "CausalConvWithState", since: 27,
    inputs: [
      .init("input", "T", types), .init("weight", "T", types), .init("bias", "T", types, .optional),
      .init("past_state", "T", types, .optional),
    ],
    outputs: [.init("output", "T", types), .init("present_state", "T", types)],
    attributes: ["activation": .string])

  /// What is applied to the sums; `silu` and `swish` are the same.
  public var activation: Activation

  public init(activation: Activation = .none) { self.activation = activation }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    activation = try attributes.choice("activation", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    if activation != .none { attributes.set("activation", activation.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, w) = (try inputs.tensor(0), try inputs.tensor(1))
    for type in [x, w] {
      guard let rank = type.rank, rank != 3 else { continue }
      throw misfit("input and weight should have 3 axes, not \(type)")
    }
    var result = TensorType(x.dtype, x.shape ?? .unknown(3))
    var state: [LatheTensors.Dimension] = [x.shape?[0] ?? .unknown, x.shape?[1] ?? .unknown, .unknown]
    if let weight = w.shape {
      if let kernel = weight[2].known, kernel < 1 { throw misfit("a kernel of \(kernel) elements has no meaning") }
      guard !weight[1].isProvablyDifferent(from: 1), !weight[0].isProvablyDifferent(from: state[1]) else {
        throw misfit("the weight \(w) does not fit \(x)")
      }
      state[2] = weight[2] - 1
      if state[1] == .unknown { state[1] = weight[0] }
    }
    if let past = try inputs.optional(3)?.tensor(), let shape = past.shape {
      guard shape.count == 3, !zip(shape, state).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw misfit("past_state should have the shape \(state), but is \(past)")
      }
    }
    if let bias = try inputs.optional(2)?.tensor(), let shape = bias.shape {
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: state[1]) else {
        throw misfit("a bias of \(bias) does not fit \(x)")
      }
    }
    if x.shape == nil { result.shape = [.unknown, state[1], .unknown] }
    return [.tensor(result), .tensor(TensorType(x.dtype, state))]
  }

  private func misfit(_ message: String) -> Diagnostic {
    .invalid("operator/convolution", "CausalConvWithState: \(message)")
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let x = try inputs.required(0)
    let (rows, channels, length) = (x.shape.prefix(2).clampedProduct, x.shape[1], x.shape[2])
    let kernel = try inputs.required(1).shape[2]
    let held = kernel - 1
    guard let values = x.doubles(), let weights = try inputs.required(1).doubles() else {
      throw name.unsupported(x.dtype)
    }
    let (bias, past) = (inputs.optional(2)?.doubles(), inputs.optional(3)?.doubles())
    // The element at a position of a row whose first ones are the state.
    func element(_ row: Int, _ position: Int) -> Double {
      position < held ? past.map { $0[row * held + position] } ?? 0 : values[row * length + position - held]
    }
    let output = try Tensor(of: T.self, shape: x.shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty else { return }
      for place in target.indices {
        let (row, position) = (place / length, place % length)
        var sum = bias?[row % channels] ?? 0
        for index in 0..<kernel { sum += weights[row % channels * kernel + index] * element(row, position + index) }
        let rounded = T(double: sum)
        target[place] = activation == .none ? rounded : T(double: rounded.wide / (1 + exp(-rounded.wide)))
      }
    }
    let state = try Tensor(of: T.self, shape: [x.shape[0], channels, held]) { (target: UnsafeMutableBufferPointer<T>) in
      guard !target.isEmpty, rows > 0 else { return }
      for place in target.indices { target[place] = T(double: element(place / held, length + place % held)) }
    }
    return [output, state]
  }
}
