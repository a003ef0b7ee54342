import LatheDiagnostics
import LatheIR
import LatheTensors

/// Regions of feature maps, each pooled to one size over bilinear samples of regular grids.
public struct RoiAlign: FloatEvaluable {
  /// Where the samples lie.
  public enum Transformation: String, Sendable, Hashable, CaseIterable {
    case halfPixel = "half_pixel"
    /// Without the shift by half an element; regions are at least 1 × 1.
    case outputHalfPixel = "output_half_pixel"
  }

  /// What the samples of a bin become.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    case average = "avg"
    /// The largest weighted neighbour of any sample.
    case maximum = "max"
  }

  /// Most samples of a bin along one axis.
  private static let mostSamples = 4096.0

  public static let schema = OperatorSchema(
    "RoiAlign", since: 22,
    inputs: [.init("X", "T1", .floats), .init("rois", "T1", .floats), .init("batch_indices", "T2", .int64)],
    outputs: [.init("Y", "T1", .floats)],
    attributes: [
      "coordinate_transformation_mode": .string, "mode": .string, "output_height": .integer, "output_width": .integer,
      "sampling_ratio": .integer, "spatial_scale": .float,
    ])

  public var transformation: Transformation
  public var mode: Mode
  /// Height and width of the result.
  public var outputSize: [Int]
  /// Samples of a bin along each axis; 0 for about one an element.
  public var samplingRatio: Int
  /// Elements of the feature map for one unit of the regions' coordinates.
  public var spatialScale: Float

  public init(
    outputSize: [Int] = [1, 1], transformation: Transformation = .halfPixel, mode: Mode = .average,
    samplingRatio: Int = 0, spatialScale: Float = 1
  ) {
    self.outputSize = outputSize
    self.transformation = transformation
    self.mode = mode
    self.samplingRatio = samplingRatio
    self.spatialScale = spatialScale
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    transformation = try attributes.choice("coordinate_transformation_mode", default: .halfPixel)
    mode = try attributes.choice("mode", default: .average)
    outputSize = [
      try attributes.integer("output_height", default: 1), try attributes.integer("output_width", default: 1),
    ]
    samplingRatio = try attributes.integer("sampling_ratio", default: 0)
    spatialScale = try attributes.float("spatial_scale", default: 1)
    guard outputSize.allSatisfy({ $0 > 0 }), samplingRatio >= 0, Double(samplingRatio) <= Self.mostSamples else {
      throw .invalid(
        "operator/attribute-value",
        "RoiAlign cannot make \(outputSize) bins of \(samplingRatio) samples along each axis")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if transformation != .halfPixel { attributes.set("coordinate_transformation_mode", transformation.rawValue) }
    if mode != .average { attributes.set("mode", mode.rawValue) }
    if outputSize[0] != 1 { attributes.set("output_height", outputSize[0]) }
    if outputSize[1] != 1 { attributes.set("output_width", outputSize[1]) }
    if samplingRatio != 0 { attributes.set("sampling_ratio", samplingRatio) }
    if spatialScale != 1 { attributes.set("spatial_scale", spatialScale) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (type, regions, batches) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
    let fits =
      type.rank ?? 4 == 4 && regions.rank ?? 2 == 2 && batches.rank ?? 1 == 1
      && !(regions.shape?[1].isProvablyDifferent(from: 4) ?? false)
    guard fits else {
      throw .invalid(
        "operator/shape", "RoiAlign does not take \(type), \(regions) and \(batches)",
        fix: "give [N, C, H, W], [regions, 4] and [regions]")
    }
    let counts = [regions.shape?[0], batches.shape?[0]].compactMap { $0 }
    if counts.count == 2, counts[0].isProvablyDifferent(from: counts[1]) {
      throw .invalid(
        "operator/shape", "RoiAlign needs a batch index for each of \(counts[0]) regions, but has \(counts[1])")
    }
    let count = counts.first { $0.known != nil } ?? counts.first ?? .unknown
    return [.tensor(TensorType(type.dtype, [count, type.shape?[1] ?? .unknown] + outputSize.map { .known($0) }))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (input, regions) = try inputs.pair()
    let shape = try concreteShape(inputs)
    guard let corners = regions.doubles(), let batches = try inputs.required(2).integers() else {
      throw name.unsupported(regions.dtype)
    }
    if let outside = batches.first(where: { !(0..<input.shape[0]).contains($0) }) {
      throw .invalid("operator/index", "RoiAlign looks up image \(outside) of \(input.shape[0])")
    }
    let grids = try (0..<shape[0]).map { (region) throws(Diagnostic) -> RegionGrid in
      try grid(Array(corners[region * 4..<region * 4 + 4]), [input.shape[2], input.shape[3]])
    }
    let (channels, bins) = (shape[1], outputSize[0] * outputSize[1])
    let size = input.shape[2] * input.shape[3]
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      guard size > 0, channels > 0 else { return }
      input.withElements(as: T.self) { source in
        for (region, grid) in grids.enumerated() {
          for bin in 0..<bins {
            for channel in 0..<channels {
              let image = UnsafeBufferPointer(rebasing: source[((batches[region] * channels + channel) * size)...])
              let value = grid.pooled(image, row: bin / outputSize[1], column: bin % outputSize[1], mode)
              target[(region * channels + channel) * bins + bin] = T(double: value)
            }
          }
        }
      }
    }
    return [result]
  }

  private func grid(_ corners: [Double], _ extents: [Int]) throws(Diagnostic) -> RegionGrid {
    let shift = transformation == .halfPixel ? 0.5 : 0
    let places = corners.map { $0 * Double(spatialScale) - shift }
    let axes = try [1, 0].enumerated().map { (axis, first) throws(Diagnostic) -> RegionGrid.Axis in
      var size = places[first + 2] - places[first]
      if transformation == .outputHalfPixel { size = Swift.max(size, 1) }
      let samples = samplingRatio > 0 ? Double(samplingRatio) : (size / Double(outputSize[axis])).rounded(.up)
      guard size.isFinite, samples <= Self.mostSamples else {
        throw .invalid("operator/region", "RoiAlign cannot pool the region \(corners): it is too large")
      }
      return RegionGrid.Axis(
        start: places[first], binSize: size / Double(outputSize[axis]), samples: Int(Swift.max(samples, 0)),
        extent: extents[axis])
    }
    return RegionGrid(rows: axes[0], columns: axes[1])
  }
}
