internal import Foundation
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors

/// A folder in the layout of ONNX's backend tests.
struct BackendCase: Sendable {
  /// Name of the folder, below the folder that was searched.
  let name: String
  let folder: String

  var model: String { "\(folder)/model.onnx" }

  /// The cases in these folders, at any depth, sorted by name.
  ///
  /// - Throws: `file/missing` for a folder that does not exist.
  static func find(in folders: [String]) throws(Diagnostic) -> [BackendCase] {
    var cases: [BackendCase] = []
    for folder in folders {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
        throw Diagnostic("file/missing", .missingInput, "there is no such folder", at: Location(file: folder))
      }
      if FileManager.default.fileExists(atPath: "\(folder)/model.onnx") {
        cases.append(BackendCase(name: (folder as NSString).lastPathComponent, folder: folder))
        continue
      }
      let paths = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
      for path in paths where path.hasSuffix("/model.onnx") {
        let name = String(path.dropLast("/model.onnx".count))
        cases.append(BackendCase(name: name, folder: "\(folder)/\(name)"))
      }
    }
    return cases.sorted { $0.name < $1.name }
  }

  /// Its data sets: `test_data_set_0`, …, in order.
  var dataSets: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name -> (Int, String)? in
      guard name.hasPrefix("test_data_set_"), let number = Int(name.dropFirst("test_data_set_".count)) else {
        return nil
      }
      return (number, "\(folder)/\(name)")
    }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The values `KIND_0.pb`, `KIND_1.pb`, … of a data set, for values of these types.
  static func values(
    _ kind: String, in dataSet: String, types: [ValueType?], limits: ResourceLimits
  ) throws(Diagnostic) -> [Datum] {
    var values: [Datum] = []
    while FileManager.default.fileExists(atPath: "\(dataSet)/\(kind)_\(values.count).pb") {
      let path = "\(dataSet)/\(kind)_\(values.count).pb"
      guard values.count < types.count else {
        throw .invalid(
          "test/values", "the model has \(types.count) \(kind)s, but there is \(path)", at: Location(file: path))
      }
      let type = types[values.count]
      values.append(
        try ONNXDatumFile.read(path: path, type: type ?? .tensor(TensorType(.float32, nil)), limits: limits).datum)
    }
    return values
  }
}
