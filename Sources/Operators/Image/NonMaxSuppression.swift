import LatheDiagnostics
import LatheIR
import LatheTensors

/// The boxes of each class that overlap no better one too much, as indices of batch, class and box.
public struct NonMaxSuppression: Evaluable {
  private static let floats: DTypeDomain = [.float32]

  public static let schema = OperatorSchema(
    "NonMaxSuppression", since: 11,
    inputs: [
      .init("boxes", "", floats), .init("scores", "", floats),
      .init("max_output_boxes_per_class", "", .int64, .optional), .init("iou_threshold", "", floats, .optional),
      .init("score_threshold", "", floats, .optional),
    ],
    outputs: [.init("selected_indices", "", .int64)],
    attributes: ["center_point_box": .integer])

  /// Whether boxes are given as x and y of the center, width and height, rather than as y and x of two corners.
  public var givesCenters: Bool

  public init(givesCenters: Bool = false) { self.givesCenters = givesCenters }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    givesCenters = try attributes.flag("center_point_box", default: false)
  }

  public func encode(into attributes: inout Attributes) {
    if givesCenters { attributes.set("center_point_box", true) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (boxes, scores) = (try inputs.tensor(0), try inputs.tensor(1))
    var fits = boxes.rank ?? 3 == 3 && scores.rank ?? 3 == 3
    if fits, let shape = boxes.shape {
      fits = !shape[2].isProvablyDifferent(from: 4)
      if let other = scores.shape {
        fits = fits && !shape[0].isProvablyDifferent(from: other[0]) && !shape[1].isProvablyDifferent(from: other[2])
      }
    }
    guard fits else {
      throw .invalid(
        "operator/shape", "NonMaxSuppression does not take \(boxes) and \(scores)",
        fix: "give [batches, boxes, 4] and [batches, classes, boxes]")
    }
    // How many boxes are left depends on what they are, so only a run can tell.
    if let count = selected(inputs)?.count { return [.tensor(TensorType(.int64, [.known(count), 3]))] }
    return [.tensor(TensorType(.int64, [.unknown, 3]))]
  }

  private func selected(_ inputs: [Operand?]) -> [[Int64]]? {
    let tensors = inputs.map { $0?.constant }
    guard zip(inputs, tensors).allSatisfy({ $0 == nil || $1 != nil }) else { return nil }
    return try? selection(tensors)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let chosen = try selection(inputs)
    return [try Tensor(chosen.flatMap { $0 }, shape: [chosen.count, 3])]
  }

  private func selection(_ inputs: [Tensor?]) throws(Diagnostic) -> [[Int64]] {
    let (boxes, scores) = try inputs.pair()
    guard let corners = boxes.elements(as: Float.self), let values = scores.elements(as: Float.self) else {
      throw name.unsupported(boxes.dtype)
    }
    let most = inputs.optional(2)?.integers()?.first ?? 0
    let overlap = inputs.optional(3)?.doubles()?.first ?? 0
    let lowest = inputs.optional(4)?.elements(as: Float.self)?.first
    let (classes, count) = (scores.shape[1], scores.shape[2])
    guard most > 0, scores.elementCount > 0 else { return [] }
    let all = stride(from: 0, to: corners.count, by: 4).map { box(corners[$0..<$0 + 4].map(Double.init)) }
    var result: [[Int64]] = []
    for list in 0..<scores.shape[0] * classes {
      let (batch, start) = (list / classes, list * count)
      let candidates = (0..<count).filter { index in lowest.map { values[start + index] > $0 } ?? true }
      let ranked = candidates.sorted { (values[start + $0], $1) > (values[start + $1], $0) }
      var kept: [Int] = []
      for index in ranked where kept.count < most {
        let candidate = all[batch * count + index]
        guard !kept.contains(where: { all[batch * count + $0].overlap(with: candidate) > overlap }) else { continue }
        kept.append(index)
        result.append([Int64(batch), Int64(list % classes), Int64(index)])
      }
    }
    return result
  }

  private func box(_ numbers: [Double]) -> Box {
    if givesCenters {
      let (x, y, width, height) = (numbers[0], numbers[1], numbers[2] / 2, numbers[3] / 2)
      return Box(left: x - width, right: x + width, top: y - height, bottom: y + height)
    }
    return Box(
      left: Swift.min(numbers[1], numbers[3]), right: Swift.max(numbers[1], numbers[3]),
      top: Swift.min(numbers[0], numbers[2]), bottom: Swift.max(numbers[0], numbers[2]))
  }

  private struct Box {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    var area: Double { (right - left) * (bottom - top) }

    /// The common area as a part of the area that both cover; 0 where nothing is covered.
    func overlap(with other: Box) -> Double {
      let width = Swift.min(right, other.right) - Swift.max(left, other.left)
      let height = Swift.min(bottom, other.bottom) - Swift.max(top, other.top)
      guard width > 0, height > 0, area > 0, other.area > 0 else { return 0 }
      return width * height / (area + other.area - width * height)
    }
  }
}
