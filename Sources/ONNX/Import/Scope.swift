internal import COnnx
import LatheDiagnostics
import LatheIR
import LatheTensors

/// The names that nodes of one graph, or of one call of a function, can read.
final class Scope {
  /// What a name stands for.
  enum Binding {
    /// The output of the node at this position, which is not read yet.
    case node(Int)
    /// A value of the scope's graph; nil for a function's input that the call leaves out.
    case value(ValueID?)
  }

  /// Graph to which the nodes go.
  let target: GraphTarget
  /// Where names are looked up that are not bound here; nil for a main graph and for functions.
  let parent: Scope?
  /// Versions of the operator sets, by domain.
  let operatorSets: [String: Int]
  /// The call whose body this is, or lies in; nil outside functions.
  let call: FunctionCall?
  /// Put before the names of values, so that two calls of a function differ.
  let prefix: String
  /// Put before the names of nodes in diagnostics and provenance.
  let path: String
  var bindings: [String: Binding] = [:]
  /// What the file says about values that nodes produce.
  var declared: [String: UnsafeMutablePointer<Lathe__Onnx__ValueInfoProto>] = [:]

  init(
    _ target: GraphTarget, parent: Scope?, operatorSets: [String: Int], call: FunctionCall? = nil, prefix: String = "",
    path: String = ""
  ) {
    self.target = target
    self.parent = parent
    self.operatorSets = operatorSets
    self.call = call
    self.prefix = prefix
    self.path = path
  }

  /// The value that `name` means for a node in `reader`; nil for an input that a call left out.
  ///
  /// - Throws: `onnx/undefined-value` if nothing has that name.
  func value(_ name: String, for reader: GraphTarget) throws(Diagnostic) -> ValueID? {
    var scope: Scope? = self
    while let current = scope {
      switch current.bindings[name] {
      case .value(let id?): return try reader.localized(id, from: current.target)
      case .value(nil): return nil
      case .node:
        throw Diagnostic("onnx/order", .internalFault, "\(name) is read before it is made", at: Location(value: name))
      case nil: scope = current.parent
      }
    }
    throw .invalid(
      "onnx/undefined-value", "the value \(name) is read, but nothing produces it", at: Location(value: name),
      fix: "export the model again: it lacks an input, an initializer or a node named so")
  }

  /// The node or call that this scope lies in, for diagnostics.
  var location: String? { path.isEmpty ? nil : String(path.dropLast()) }

  /// Name in the graph of the value that the file calls `name` here.
  func graphName(of name: String) -> String {
    if let outer = call?.outputNames[name], call?.scopeTarget === target { return outer }
    return prefix.isEmpty ? name : target.unique(prefix + name)
  }
}

/// One call of a model-local function.
final class FunctionCall {
  /// The attributes given, or defaults, with the scope in which they were written.
  let attributes: [String: BoundAttribute]
  /// Names in the graph of the function's outputs, as far as the call uses them.
  let outputNames: [String: String]
  /// Graph in which the body's own nodes are; graphs in them see the call too.
  let scopeTarget: GraphTarget

  init(attributes: [String: BoundAttribute], outputNames: [String: String], scopeTarget: GraphTarget) {
    self.attributes = attributes
    self.outputNames = outputNames
    self.scopeTarget = scopeTarget
  }
}

/// An attribute and the scope in which graphs in it look up names.
struct BoundAttribute {
  let proto: UnsafeMutablePointer<Lathe__Onnx__AttributeProto>
  let scope: Scope
}
