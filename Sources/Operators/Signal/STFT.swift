import LatheDiagnostics
import LatheIR
import LatheTensors

/// Fourier transforms of successive stretches of a signal, each weighted by a window.
public struct STFT: FloatEvaluable {
  public static let schema = OperatorSchema(
    "STFT", since: 17,
    inputs: [
      .init("signal", "T1", .floats), .init("frame_step", "T2", .indices), .init("window", "T1", .floats, .optional),
      .init("frame_length", "T2", .indices, .optional),
    ],
    outputs: [.init("output", "T1", .floats)],
    attributes: ["onesided": .integer])

  /// Whether only the half of the spectrum is made that determines the other.
  public var isOneSided: Bool

  public init(isOneSided: Bool = true) { self.isOneSided = isOneSided }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    isOneSided = try attributes.flag("onesided", default: true)
  }

  public func encode(into attributes: inout Attributes) {
    if !isOneSided { attributes.set("onesided", false) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let step = try inputs.optional(1)?.singleExtent("step of STFT") ?? .unknown
    if let known = step.known, known < 1 {
      throw .invalid("operator/shape", "STFT cannot step by \(known) samples")
    }
    if let rank = type.rank, rank != 3 {
      throw .invalid("operator/rank", "STFT takes signals of three axes, but is given \(type)")
    }
    let shape = type.shape ?? .unknown(3) ?? []
    if let parts = shape[2].known, parts != 1, parts != 2 || isOneSided {
      throw .invalid(
        "operator/shape", "STFT of \(type): the last axis holds real numbers, or complex ones if two-sided")
    }
    let length = try frameLength(inputs, signal: shape[1])
    if let length = length.known, length < 1 || (shape[1].known.map { length > $0 } ?? false) {
      throw .invalid("operator/shape", "frames of \(length) samples cannot be cut from \(type)")
    }
    var frames = Dimension.unknown
    if step.known != nil { frames = (shape[1] - length).floorDivided(by: step) + 1 }
    return [
      .tensor(TensorType(type.dtype, [shape[0], frames, isOneSided ? length.floorDivided(by: 2) + 1 : length, 2]))
    ]
  }

  private func frameLength(_ inputs: [Operand?], signal: Dimension) throws(Diagnostic) -> Dimension {
    var length = try inputs.optional(3)?.singleExtent("frame length of STFT")
    if let window = try inputs.optional(2)?.tensor() {
      if let rank = window.rank, rank != 1 {
        throw .invalid("operator/rank", "the window of STFT should be a vector, but is \(window)")
      }
      let extent = window.shape?[0] ?? .unknown
      if let length, length.isProvablyDifferent(from: extent) {
        throw .invalid("operator/shape", "the window \(window) of STFT is not of the frame length \(length)")
      }
      if length?.known == nil { length = extent == .unknown ? length : extent }
      return length ?? .unknown
    }
    return length ?? signal
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let signal = try inputs.required(0)
    let shape = try concreteShape(inputs)
    guard !shape.contains(0) else { return [try Tensor.zeros(T.dtype, shape)] }
    let operands = inputs.map { $0.map { Operand($0) } }
    guard let step = try inputs.required(1).integers()?.first,
      let length = try frameLength(operands, signal: .known(signal.shape[1])).known
    else { throw Diagnostic("operator/inconsistent", .internalFault, "STFT cannot tell its constant frames") }
    let weights = inputs.optional(2)?.doubles()
    let (frames, bins, parts) = (shape[1], shape[2], signal.shape[2])
    let transform = FourierTransform(length: length, isInverse: false)
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      signal.withElements(as: T.self) { source in
        for frame in 0..<shape[0] * frames {
          var real = [Double](repeating: 0, count: length)
          var imaginary = real
          let from = (frame / frames * signal.shape[1] + frame % frames * step) * parts
          for index in 0..<length {
            let weight = weights?[index] ?? 1
            real[index] = source[from + index * parts].wide * weight
            if parts == 2 { imaginary[index] = source[from + index * 2 + 1].wide * weight }
          }
          transform.apply(&real, &imaginary)
          for bin in 0..<bins {
            target[(frame * bins + bin) * 2] = T(double: real[bin])
            target[(frame * bins + bin) * 2 + 1] = T(double: imaginary[bin])
          }
        }
      }
    }
    return [result]
  }
}
