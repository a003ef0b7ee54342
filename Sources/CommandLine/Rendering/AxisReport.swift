import LatheIR
import LatheJSON
import LatheReports
import LatheTensors

/// What `lathe inspect --axes` says: the index spaces of a graph, the weights that each of them slices, and whether it may be cut.
struct AxisReport {
  private let graph: Graph
  /// Classes that slice weights.
  private let classes: [AxisClass]
  /// Number of the classes of activations only.
  private let others: Int
  /// Weights that a line names.
  private static let shownWeights = 4

  init(_ graph: Graph) {
    self.graph = graph
    let all = AxisClasses(graph).all
    classes = all.filter { axisClass in axisClass.slices.contains { Self.isWeight(graph.constant($0.value)) } }
    others = all.count - classes.count
  }

  /// Short lists of integers are extents and places rather than weights.
  private static func isWeight(_ tensor: Tensor?) -> Bool {
    guard let tensor else { return false }
    return !tensor.dtype.isInteger || tensor.rank > 1 || tensor.elementCount > Operand.maximumElements
  }

  var text: String {
    var table = TextTable([("size", .right), ("weights", .left), ("may be cut", .left)])
    for axisClass in classes {
      let reasons = graph.reasons(against: axisClass)
      let more = reasons.count > 1 ? " (and \(reasons.count - 1) more)" : ""
      table.append([axisClass.extent.description, weights(of: axisClass), reasons.first.map { "no: \($0)\(more)" } ?? "yes"])
    }
    return table.render() + "\n\(NumberFormat.grouped(others)) further classes are of activations only\n"
  }

  /// The weights and axes that a class slices, with what an index covers where that is more than one place.
  private func weights(of axisClass: AxisClass) -> String {
    var places: [(name: String, slices: [AxisSlice])] = []
    for slice in axisClass.slices where Self.isWeight(graph.constant(slice.value)) {
      let name = "\(graph[slice.value].name)[\(slice.axis)]"
      if places.last?.name == name { places[places.count - 1].slices.append(slice) } else { places.append((name, [slice])) }
    }
    let shown = places.prefix(Self.shownWeights).map { name, slices in
      let repeats = slices.reduce(0) { $0 + $1.repeats.reduce(1) { $0 * ($1.count.known ?? 1) } }
      let block = slices[0].block == 1 ? "" : " by \(slices[0].block)"
      return name + block + (repeats == 1 ? "" : " × \(repeats)")
    }
    let rest = places.count - shown.count
    return shown.joined(separator: ", ") + (rest > 0 ? ", … \(rest) more" : "")
  }

  var json: JSONValue {
    ["classes": .array(classes.map { describe($0) }), "activation_classes": .integer(Int64(others))]
  }

  private func describe(_ axisClass: AxisClass) -> JSONValue {
    let slices = axisClass.slices.filter { Self.isWeight(graph.constant($0.value)) }
    return [
      "extent": number(axisClass.extent), "may_be_cut": .bool(axisClass.mayBeCut),
      "reasons": .array(graph.reasons(against: axisClass).map { .string($0) }),
      "uses": .array(axisClass.uses.map { .string(graph.describe($0)) }),
      "weights": .array(slices.map { describe($0) }),
    ]
  }

  private func describe(_ slice: AxisSlice) -> JSONValue {
    [
      "name": .string(graph[slice.value].name), "axis": .integer(Int64(slice.axis)), "offset": number(slice.offset),
      "block": number(slice.block),
      "repeats": .array(slice.repeats.map { ["count": number($0.count), "stride": number($0.stride)] }),
    ]
  }

  private func number(_ dimension: Dimension) -> JSONValue {
    dimension.known.map { .integer(Int64($0)) } ?? .string(dimension.description)
  }
}
