import LatheDiagnostics
import LatheIR
import LatheTensors

/// Regions of feature maps, each cut into bins of whole elements, of which the largest is taken.
public struct MaxRoiPool: FloatEvaluable {
  public static let schema = OperatorSchema(
    "MaxRoiPool", since: 22,
    inputs: [.init("X", "T", .floats), .init("rois", "T", .floats)],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["pooled_shape": .integers, "spatial_scale": .float])

  /// Height and width of the result.
  public var outputSize: [Int]
  /// Elements of the feature map for one unit of the regions' coordinates.
  public var spatialScale: Float

  public init(outputSize: [Int], spatialScale: Float = 1) {
    self.outputSize = outputSize
    self.spatialScale = spatialScale
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    outputSize = try Attributes.required("pooled_shape", try attributes.integers("pooled_shape"))
    spatialScale = try attributes.float("spatial_scale", default: 1)
    guard outputSize.count == 2, outputSize.allSatisfy({ $0 > 0 }) else {
      throw .invalid("operator/attribute-value", "pooled_shape = \(outputSize) is no height and width")
    }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("pooled_shape", outputSize)
    if spatialScale != 1 { attributes.set("spatial_scale", spatialScale) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (type, regions) = (try inputs.tensor(0), try inputs.tensor(1))
    guard type.rank ?? 4 == 4, regions.rank ?? 2 == 2, !(regions.shape?[1].isProvablyDifferent(from: 5) ?? false) else {
      throw .invalid(
        "operator/shape", "MaxRoiPool does not take \(type) and \(regions)", fix: "give [N, C, H, W] and [regions, 5]")
    }
    let lead = [regions.shape?[0] ?? .unknown, type.shape?[1] ?? .unknown]
    return [.tensor(TensorType(type.dtype, lead + outputSize.map { .known($0) }))]
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let (input, regions) = try inputs.pair()
    let shape = try concreteShape(inputs)
    guard let numbers = regions.doubles() else { throw name.unsupported(regions.dtype) }
    guard numbers.allSatisfy({ $0.isFinite && abs($0 * Double(spatialScale)) < 1e9 }) else {
      throw .invalid("operator/region", "MaxRoiPool is given a region that is not finite or too far away")
    }
    let batches = stride(from: 0, to: numbers.count, by: 5).map { numbers[$0] }
    if let outside = batches.first(where: { $0 < 0 || $0 >= Double(input.shape[0]) }) {
      throw .invalid("operator/index", "MaxRoiPool looks up image \(outside) of \(input.shape[0])")
    }
    guard !shape.contains(0) else { return [try Tensor.zeros(T.dtype, shape)] }
    let (height, width) = (input.shape[2], input.shape[3])
    let bins = outputSize[0] * outputSize[1]
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        for region in 0..<shape[0] {
          let corners = numbers[region * 5 + 1..<region * 5 + 5].map { Int(($0 * Double(spatialScale)).rounded()) }
          for bin in 0..<bins {
            let rows = span(bin / outputSize[1], of: outputSize[0], corners[1], corners[3], height)
            let columns = span(bin % outputSize[1], of: outputSize[1], corners[0], corners[2], width)
            for channel in 0..<shape[1] where !rows.isEmpty && !columns.isEmpty {
              let start = (Int(batches[region]) * shape[1] + channel) * height * width
              var largest = source[start + rows.lowerBound * width + columns.lowerBound]
              for row in rows {
                for column in columns { largest = Swift.max(largest, source[start + row * width + column]) }
              }
              target[(region * shape[1] + channel) * bins + bin] = largest
            }
          }
        }
      }
    }
    return [result]
  }

  /// Elements of a bin along one axis, as far as they are inside.
  private func span(_ bin: Int, of count: Int, _ start: Int, _ end: Int, _ extent: Int) -> Range<Int> {
    let size = Double(Swift.max(end - start + 1, 1)) / Double(count)
    let low = start + Int((Double(bin) * size).rounded(.down))
    let high = start + Int((Double(bin + 1) * size).rounded(.up))
    let first = Swift.min(Swift.max(low, 0), extent)
    return first..<Swift.max(first, Swift.min(Swift.max(high, 0), extent))
  }
}
