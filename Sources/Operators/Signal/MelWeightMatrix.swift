internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheTensors

/// The matrix that turns the spectrum of a discrete Fourier transform into bands of the mel scale: a triangle of height
/// 1 for each.
public struct MelWeightMatrix: Evaluable {
  public static let schema = OperatorSchema(
    "MelWeightMatrix", since: 17,
    inputs: [
      .init("num_mel_bins", "T1", .indices), .init("dft_length", "T1", .indices),
      .init("sample_rate", "T1", .indices), .init("lower_edge_hertz", "T2", .floats),
      .init("upper_edge_hertz", "T2", .floats),
    ],
    outputs: [.init("output", "T3", .numeric)],
    attributes: ["output_datatype": .integer])

  /// Element type of the result.
  public var dtype: DType

  public init(dtype: DType = .float32) { self.dtype = dtype }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dtype = try attributes.dtype("output_datatype") ?? .float32
    guard DTypeDomain.numeric.contains(dtype) else {
      throw .invalid("operator/attribute-value", "MelWeightMatrix makes no matrices of \(dtype)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if dtype != .float32 { attributes.set("output_datatype", dtype) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let bands = try inputs.optional(0)?.singleExtent("number of bands") ?? .unknown
    let length = try inputs.optional(1)?.singleExtent("length of the transform") ?? .unknown
    _ = try checked(shape: [bands, length])
    return [.tensor(TensorType(dtype, [length.floorDivided(by: 2) + 1, bands]))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let shape = try concreteShape(inputs)
    let (bins, bands) = (shape[0], shape[1])
    let edges = try edges(inputs, bins: bins, bands: bands)
    let result = try Tensor(numbers: dtype, shape) { position in
      let (bin, band) = (position / bands, position % bands)
      let (low, center, high) = (edges[band], edges[band + 1], edges[band + 2])
      if bin == center { return 1 }
      if bin >= low, bin < center { return Double(bin - low) / Double(center - low) }
      return bin > center && bin < high ? Double(high - bin) / Double(high - center) : 0
    }
    return [result]
  }

  /// The bins at which the bands begin, peak and end.
  private func edges(_ inputs: [Tensor?], bins: Int, bands: Int) throws(Diagnostic) -> [Int] {
    guard let length = try inputs.required(1).doubles()?.first, let rate = try inputs.required(2).doubles()?.first,
      let lower = try inputs.required(3).doubles()?.first, let upper = try inputs.required(4).doubles()?.first,
      rate > 0, lower.isFinite, upper.isFinite, lower >= 0, upper >= lower
    else {
      throw .invalid(
        "operator/mel",
        "MelWeightMatrix needs a positive sample rate and a lower edge of at least 0, not above the upper")
    }
    let (low, high) = (2595 * log1p(lower / 700) / M_LN10, 2595 * log1p(upper / 700) / M_LN10)
    let step = (high - low) / Double(bands + 2)
    return try (0..<bands + 2).map { (band) throws(Diagnostic) -> Int in
      let frequency = 700 * expm1((Double(band) * step + low) / 2595 * M_LN10)
      let bin = ((length + 1) * frequency / rate).rounded(.down)
      guard bin >= 0, bin < Double(bins) || band == bands + 1, bin <= Double(Int32.max) else {
        throw .invalid(
          "operator/mel", "the band at \(frequency) Hz is beyond the spectrum of \(bins) bins at \(rate) Hz")
      }
      return Int(bin)
    }
  }
}
