import LatheIR
import LatheJSON
import LatheTensors
import OrderedCollections

/// What became of one constant.
public struct ConstantChange: Sendable {
  public let name: String
  public let before, after: TensorType
  /// Nodes of the second graph that read it.
  public let readers: [String]
  /// Whether it is read as a scale or a zero point.
  public let isScale: Bool
  /// Elements that differ; all of them where type or shape do.
  public private(set) var differing: Int
  public private(set) var maximumDifference = 0.0
  /// What all elements that differ were multiplied with; nil where that is not the whole change.
  public private(set) var factor: Double?
  /// The axis along which the fewest entries differ, with these; nil for numbers alone and other shapes.
  public private(set) var rows: (axis: Int, indices: [Int])?

  /// nil where nothing differs.
  init?(_ name: String, _ before: Tensor, _ after: Tensor, readers: [String], isScale: Bool) {
    guard before != after else { return nil }
    (self.name, self.readers, self.isScale) = (name, readers, isScale)
    (self.before, self.after) = (TensorType(of: before), TensorType(of: after))
    differing = after.elementCount
    guard before.dtype == after.dtype, before.shape == after.shape else { return }
    compare(before, after)
  }

  private mutating func compare(_ before: Tensor, _ after: Tensor) {
    var marks = after.shape.map { [Bool](repeating: false, count: $0) }
    differing = 0
    func mark(_ index: Int) {
      differing += 1
      var rest = index
      for axis in marks.indices.reversed() {
        marks[axis][rest % after.shape[axis]] = true
        rest /= after.shape[axis]
      }
    }
    if let one = before.strings, let other = after.strings {
      for index in one.indices where one[index] != other[index] { mark(index) }
    } else if let one = before.numbers, let other = after.numbers {
      var ratio: (low: Double, high: Double)?
      for index in one.indices where one[index].bitPattern != other[index].bitPattern {
        mark(index)
        guard one[index] != other[index], !(one[index].isNaN && other[index].isNaN) else {
          ratio = (.nan, .nan)
          continue
        }
        let gap = Swift.abs(one[index] - other[index])
        maximumDifference = gap.isNaN ? .infinity : Swift.max(maximumDifference, gap)
        let own = other[index] / one[index]
        ratio = (Swift.min(ratio?.low ?? own, own), Swift.max(ratio?.high ?? own, own))
      }
      if let ratio, ratio.low.isFinite, ratio.high.isFinite, ratio.high - ratio.low <= 1e-5 * Swift.abs(ratio.high) { factor = ratio.high }
    }
    let counts = marks.map { $0.count { $0 } }
    let axes = marks.indices.filter { after.shape[$0] > 1 }
    guard let axis = axes.min(by: { counts[$0] * after.shape[$1] < counts[$1] * after.shape[$0] }) else { return }
    rows = (axis, marks[axis].indices.filter { marks[axis][$0] })
  }

  /// Whether only the contents changed.
  public var keepsType: Bool { before == after }

  /// What changed, for people.
  public var summary: String {
    guard keepsType else { return "\(before) → \(after)" }
    var parts: [String] = []
    if let rows, !rows.indices.isEmpty {
      let few = rows.indices.prefix(4).map(String.init).joined(separator: ", ") + (rows.indices.count > 4 ? ", …" : "")
      let extent = after.shape?[rows.axis].known ?? 0
      let what = before.rank == 1 ? "element" : "row"
      let axis = before.rank == 1 ? "" : " of axis \(rows.axis)"
      parts.append(
        rows.indices.count == extent
          ? "all \(extent) \(what)s\(axis)" : "\(what)\(rows.indices.count == 1 ? "" : "s") \(few)\(axis) (\(rows.indices.count) of \(extent))")
    }
    parts.append("\(differing) element\(differing == 1 ? "" : "s")")
    if let factor { parts.append("times \(Self.short(factor))") }
    parts.append(maximumDifference == 0 ? "in bits alone: the sign of zero, or what NaN carries" : "by up to \(Self.short(maximumDifference))")
    return parts.joined(separator: ", ")
  }

  private static func short(_ number: Double) -> String { "\(Float(number))" }

  /// The change for machines.
  public var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = [
      "name": .string(name), "before": .string("\(before)"), "after": .string("\(after)"), "scale": .bool(isScale),
      "differing": .integer(Int64(differing)), "readers": .array(readers.map { .string($0) }),
    ]
    if keepsType { object["max_abs"] = maximumDifference.isFinite ? .number(maximumDifference) : .null }
    if let factor { object["factor"] = .number(factor) }
    if let rows {
      object["axis"] = .integer(Int64(rows.axis))
      object["row_count"] = .integer(Int64(rows.indices.count))
      object["rows"] = .array(rows.indices.prefix(64).map { .integer(Int64($0)) })
    }
    return .object(object)
  }
}
