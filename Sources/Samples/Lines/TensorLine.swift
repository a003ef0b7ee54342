import LatheDiagnostics
import LatheJSON
import LatheTensors
import OrderedCollections

/// One line of tensors by input name.
struct TensorLine {
  private let members: OrderedDictionary<String, JSONValue>
  private let line: Int
  private let limits: ResourceLimits

  init(_ members: OrderedDictionary<String, JSONValue>, _ line: Int, _ limits: ResourceLimits) {
    self.members = members
    self.line = line
    self.limits = limits
  }

  /// The feed: a row of one sample if an input has one axis less than the model's, which then gets an axis of 1 in front.
  func feed(for interface: ModelInterface, sample: Int) throws(Diagnostic) -> Feed {
    do {
      return try unlocatedFeed(for: interface, sample: sample)
    } catch {
      throw error.located(in: Location(line: line))
    }
  }

  private func unlocatedFeed(for interface: ModelInterface, sample: Int) throws(Diagnostic) -> Feed {
    for (key, value) in members where value.arrayValue != nil && interface.input(key) == nil && key != "label" {
      throw InputFit.unknownInput(key, interface, in: "this line")
    }
    var feed = Feed(inputs: [:], sample: sample)
    for input in interface.inputs {
      guard let value = members[input.name] else {
        guard input.hasDefault else { throw InputFit.missingInput(input.name, found: Array(members.keys)) }
        continue
      }
      var array = try JSONArray(value, named: input.name)
      if let rank = input.type?.rank, array.shape.count + 1 == rank {
        array.shape.insert(1, at: 0)
        feed.rows = [sample]
      }
      let dtype = input.type?.dtype ?? array.naturalType
      let tensor = try JSONElements(dtype, named: input.name, limits).tensor(array)
      feed.inputs[input.name] = try InputFit(input, source: "this line").checked(tensor)
    }
    return feed
  }
}
