internal import Foundation
import LatheJSON
import LatheReports
import LatheSamples
import LatheTensors
import OrderedCollections

/// What `lathe run` says: the predictions where outputs are class scores, else shapes and first values.
struct RunReport {
  let arrays: [NamedTensor]
  let set: SampleSet
  let labels: [String]
  /// Whether outputs go into the JSON in full, for want of a file.
  let withValues: Bool

  /// Predictions by sample, from the first output that has a row of scores for each sample.
  private var predictions: [Prediction?]? {
    guard set.texts != nil || !labels.isEmpty else { return nil }
    let classes = labels.isEmpty ? nil : labels.count
    return arrays.lazy.compactMap { Prediction.rows(of: $0.tensor, classes: classes) }.first { $0.count == set.count }
  }

  private func label(_ index: Int) -> String { labels.indices.contains(index) ? labels[index] : "class \(index)" }

  var text: String {
    guard let predictions, set.count <= 1000 else { return shapes + accuracyLine(predictions) }
    var table = TextTable([("#", .right), ("label", .left), ("probability", .right), ("text", .left)])
    for (sample, prediction) in predictions.enumerated() {
      let shown = set.texts.map { Self.shortened($0[sample]) } ?? ""
      guard let prediction else {
        table.append([String(sample + 1), "(scores are NaN)", "", shown])
        continue
      }
      table.append([String(sample + 1), label(prediction.index), NumberFormat.percent(prediction.probability), shown])
    }
    return table.render() + accuracyLine(predictions)
  }

  private var shapes: String {
    var table = TextTable([("output", .left), ("type", .left), ("first values", .left)])
    for array in arrays.prefix(40) {
      let values = array.tensor.elementCount <= 1 << 24 ? array.tensor.doubles() ?? [] : []
      let first = values.prefix(4).map(NumberFormat.short).joined(separator: ", ") + (values.count > 4 ? ", …" : "")
      let strings = array.tensor.strings?.prefix(4).map(Self.shortened).joined(separator: ", ")
      table.append([array.name, TensorType(of: array.tensor).description, strings ?? first])
    }
    return table.render() + (arrays.count > 40 ? "and \(arrays.count - 40) more\n" : "")
  }

  private func accuracyLine(_ predictions: [Prediction?]?) -> String {
    guard let predictions, let score = Self.score(predictions, set.labels) else { return "" }
    return
      "accuracy \(NumberFormat.percent(Double(score.right) / Double(score.labelled))) (\(score.right) of \(score.labelled))\n"
  }

  private static func score(_ predictions: [Prediction?], _ labels: [Int?]) -> (right: Int, labelled: Int)? {
    let pairs = zip(predictions, labels).filter { $1 != nil }
    guard !pairs.isEmpty else { return nil }
    return (pairs.count { $0?.index == $1 }, pairs.count)
  }

  var json: JSONValue {
    var object: OrderedDictionary<String, JSONValue> = ["samples": .integer(Int64(set.count))]
    object["outputs"] = .array(arrays.map(Self.describe))
    if withValues {
      let valued = arrays.map { ($0.name, Self.nested($0.tensor)) }
      object["values"] = .object(OrderedDictionary(valued) { $1 })
    }
    if let predictions {
      object["predictions"] = .array(predictions.enumerated().map(describe))
      if let score = Self.score(predictions, set.labels) {
        object["accuracy"] = ["right": .integer(Int64(score.right)), "labelled": .integer(Int64(score.labelled))]
      }
    }
    return .object(object)
  }

  private func describe(_ sample: Int, _ prediction: Prediction?) -> JSONValue {
    guard let prediction else { return .null }
    var object: OrderedDictionary<String, JSONValue> = ["index": .integer(Int64(prediction.index))]
    if labels.indices.contains(prediction.index) { object["label"] = .string(labels[prediction.index]) }
    object["probability"] = .number(prediction.probability)
    if let texts = set.texts { object["text"] = .string(texts[sample]) }
    return .object(object)
  }

  private static func describe(_ array: NamedTensor) -> JSONValue {
    [
      "name": .string(array.name), "dtype": .string(array.tensor.dtype.name),
      "shape": .array(array.tensor.shape.map { .integer(Int64($0)) }),
    ]
  }

  /// The elements as nested arrays; numbers that JSON lacks become null.
  private static func nested(_ tensor: Tensor) -> JSONValue {
    let elements: [JSONValue]
    if let strings = tensor.strings {
      elements = strings.map { .string($0) }
    } else if tensor.dtype == .bool {
      elements = tensor.elements(as: Bool.self)?.map { .bool($0) } ?? []
    } else if let integers = tensor.integers() {
      elements = integers.map { .integer(Int64($0)) }
    } else {
      elements = (tensor.doubles() ?? []).map { .number($0) }
    }
    return nest(elements[...], tensor.shape[...])
  }

  private static func nest(_ elements: ArraySlice<JSONValue>, _ shape: ArraySlice<Int>) -> JSONValue {
    guard let extent = shape.first else { return elements.first ?? .null }
    let rest = shape.dropFirst()
    guard !rest.isEmpty else { return .array(Array(elements)) }
    let step = rest.reduce(1, *)
    return .array(
      (0..<extent).map {
        nest(elements[(elements.startIndex + $0 * step)..<(elements.startIndex + ($0 + 1) * step)], rest)
      })
  }

  private static func shortened(_ text: String) -> String {
    let clean = DiagnosticRenderer.printable(text)
    return clean.count > 60 ? clean.prefix(59) + "…" : clean
  }
}
