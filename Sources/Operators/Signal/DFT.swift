import LatheDiagnostics
import LatheIR
import LatheTensors

/// The discrete Fourier transform along one axis; the last axis holds real numbers, or real and imaginary parts.
public struct DFT: FloatEvaluable {
  public static let schema = OperatorSchema(
    "DFT", since: 20,
    inputs: [
      .init("input", "T1", .floats), .init("dft_length", "T2", .indices, .optional),
      .init("axis", "", .int64, .optional),
    ],
    outputs: [.init("output", "T1", .floats)],
    attributes: ["inverse": .integer, "onesided": .integer])

  /// Whether frequencies become a signal again.
  public var isInverse: Bool
  /// Whether, of a real signal's spectrum, only the half that determines the other is made or read.
  public var isOneSided: Bool

  public init(isInverse: Bool = false, isOneSided: Bool = false) {
    self.isInverse = isInverse
    self.isOneSided = isOneSided
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    isInverse = try attributes.flag("inverse", default: false)
    isOneSided = try attributes.flag("onesided", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if isInverse { attributes.set("inverse", true) }
    if isOneSided { attributes.set("onesided", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let position = try inputs.optional(2)?.singleExtent("axis of DFT") ?? -2
    var length = try inputs.optional(1)?.singleExtent("length of DFT")
    guard var shape = type.shape else { return [.tensor(type)] }
    try check(type)
    shape[shape.count - 1] = isInverse && isOneSided ? 1 : 2
    guard let number = position.known else {
      return [.tensor(TensorType(type.dtype, .unknown(shape.count - 1).map { $0 + [shape[shape.count - 1]] }))]
    }
    let axis = try normalized(axis: number, rank: shape.count)
    guard axis < shape.count - 1 else {
      throw .invalid("operator/axis", "the axis of DFT is the last one of \(type), which holds complex numbers")
    }
    if length == nil { length = isInverse && isOneSided ? (shape[axis] - 1) * 2 : shape[axis] }
    if let known = length?.known, known < 1 {
      throw .invalid("operator/shape", "a Fourier transform of length \(known) of \(type) is not defined")
    }
    let full = length ?? .unknown
    shape[axis] = isOneSided && !isInverse ? full.floorDivided(by: 2) + 1 : full
    return [.tensor(TensorType(type.dtype, shape))]
  }

  private func check(_ type: TensorType) throws(Diagnostic) {
    guard let shape = type.shape, let last = shape.last else {
      throw .invalid("operator/rank", "DFT takes at least two axes, but is given \(type)")
    }
    guard shape.count >= 2 else { throw .invalid("operator/rank", "DFT takes at least two axes, but is given \(type)") }
    guard let parts = last.known else { return }
    guard parts == 1 || parts == 2 else {
      throw .invalid("operator/shape", "the last axis of DFT holds real or complex numbers, so \(type) cannot be taken")
    }
    // A real spectrum is read as one whose imaginary part is 0.
    if isOneSided, !isInverse, parts == 2 {
      throw .invalid("operator/shape", "a one-sided DFT takes real numbers, but \(type) holds complex ones")
    }
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let shape = try concreteShape(inputs)
    guard !shape.contains(0) else { return [try Tensor.zeros(T.dtype, shape)] }
    let axis = try normalized(axis: inputs.optional(2)?.integers()?.first ?? -2, rank: input.rank)
    let given = inputs.optional(1)?.integers()?.first
    let length = given ?? (isInverse && isOneSided ? 2 * (input.shape[axis] - 1) : input.shape[axis])
    let parts = input.shape[input.rank - 1]
    let inner = input.shape[(axis + 1)..<(input.rank - 1)].reduce(1, *)
    let outer = input.shape[..<axis].reduce(1, *)
    let resultParts = shape[shape.count - 1]
    let transform = FourierTransform(length: length, isInverse: isInverse)
    let scale = isInverse ? 1 / Double(length) : 1
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        for line in 0..<outer * inner {
          var real = [Double](repeating: 0, count: length)
          var imaginary = real
          let from = (line / inner * input.shape[axis] * inner + line % inner) * parts
          for index in 0..<Swift.min(length, input.shape[axis]) {
            real[index] = source[from + index * inner * parts].wide
            if parts == 2 { imaginary[index] = source[from + index * inner * parts + 1].wide }
          }
          if isInverse, isOneSided { Self.mirror(&real, &imaginary) }
          transform.apply(&real, &imaginary)
          let to = (line / inner * shape[axis] * inner + line % inner) * resultParts
          for index in 0..<shape[axis] {
            target[to + index * inner * resultParts] = T(double: real[index] * scale)
            if resultParts == 2 { target[to + index * inner * 2 + 1] = T(double: imaginary[index] * scale) }
          }
        }
      }
    }
    return [result]
  }

  /// Completes the half of a real signal's spectrum.
  private static func mirror(_ real: inout [Double], _ imaginary: inout [Double]) {
    let length = real.count
    // The constant part, and the highest frequency of an even length, are real.
    imaginary[0] = 0
    if length.isMultiple(of: 2) { imaginary[length / 2] = 0 }
    for index in length / 2 + 1..<Swift.max(length, length / 2 + 1) {
      real[index] = real[length - index]
      imaginary[index] = -imaginary[length - index]
    }
  }
}
