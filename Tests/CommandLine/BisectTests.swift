import Foundation
import LatheCompactFormat
import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheOperators
import LatheTensors
import LatheTestSupport
import Testing

/// `lathe verify --bisect` and `lathe diff` on models with planted faults.
@Suite struct BisectTests {
  static let example = Repository.path("Examples/debian-sections")
  static let text = ["--vocab", "\(example)/vocab.txt", "--labels", "\(example)/labels.json"]

  /// A fault in one constant, and where it has to be found.
  struct Fault: Sendable, CustomStringConvertible {
    let name: String
    let constant: String
    let edit: @Sendable ([Float], [Int]) -> [Float]
    /// Recipe whose result holds the fault.
    let passes: [String]
    /// The same in C, on `float *data` of `count` elements.
    let code: String
    /// Node of the file, and node of the graph in which a pass plants it.
    let node: String
    /// The pass that made the constant; nil for one of the source.
    let maker: String?
    var description: String { name }
  }

  static let faults = [
    Fault(
      name: "a row of weights scaled", constant: "onnx::MatMul_528",
      edit: { values, shape in values.enumerated().map { $0 / shape[1] == 3 ? $1 * 2000 : $1 } }, passes: ["--recipe", "fuse"],
      code: "for (int i = 0; i < 128; i++) data[3 * 128 + i] *= 2000;", node: "%/m/ernie/encoder/layer.1/output/Add_output_0", maker: nil),
    Fault(
      name: "a scale doubled", constant: "onnx::MatMul_528.scale", edit: { values, _ in values.map { $0 * 2 } },
      passes: ["--recipe", "fuse", "--pass", "quantize/int8"], code: "for (size_t i = 0; i < count; i++) data[i] *= 2;",
      node: "lathe::QuantizedLinear → %/m/ernie/encoder/layer.1/output/Add_output_0", maker: "quantize/int8"),
    Fault(
      name: "a mask's constant changed", constant: "/m/ernie/Constant_29_output_0", edit: { values, _ in values.map { _ in -1 } },
      passes: ["--recipe", "fuse"], code: "data[0] = -1;", node: "Where → %where", maker: nil),
  ]

  /// Texts of several lengths, so that some are padded.
  static func samples(_ folder: TemporaryFolder, lines count: Int = 16) throws -> String {
    let lines = try String(contentsOfFile: "\(example)/dev.jsonl", encoding: .utf8).split(separator: "\n").prefix(count)
    return try folder.write("samples.jsonl", Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  static func converted(_ folder: TemporaryFolder, _ name: String, _ arguments: [String]) throws -> String {
    let path = folder.file(name)
    let run = try LatheProcess(
      ["convert", "\(example)/model.onnx", "-o", path, "--calibration-samples", folder.file("samples.jsonl")] + text + arguments)
    try #require(run.status == 0, "\(run.errors)")
    return path
  }

  static func bisected(_ folder: TemporaryFolder, _ candidate: String, _ arguments: [String] = []) throws -> (status: Int32, report: [String: Any]) {
    let run = try LatheProcess(
      [
        "verify", "\(example)/model.onnx", candidate, "--samples", folder.file("samples.jsonl"), "--engine", "runtime", "--reference-engine",
        "runtime", "--bisect", "--json",
      ] + text + arguments)
    return (run.status, try #require(try run.json()["bisect"] as? [String: Any], "\(run.errors)"))
  }

  /// Puts a fault into a constant of a file.
  static func plant(_ fault: Fault, in path: String) throws {
    let isONNX = path.hasSuffix(".onnx")
    var model = isONNX ? try ONNXImporter(catalog: .standard).importModel(at: path).model : try CompactReader.read(path: path, limits: ResourceLimits(), catalog: .standard)
    let id = try #require(model.graph.value(named: fault.constant))
    let old = try #require(model.graph.constant(id))
    let values = try #require(old.elements(as: Float.self))
    model.graph.setConstant(try Tensor(fault.edit(values, old.shape), shape: old.shape), of: id)
    if isONNX { _ = try ONNXExporter().export(model, to: path) } else { try CompactWriter.write(model, to: path) }
  }

  @Test(arguments: faults) func aFaultInTheFileIsNamed(_ fault: Fault) throws {
    let folder = try TemporaryFolder()
    _ = try Self.samples(folder)
    // Packed weights are no rows: the row's fault goes into ONNX.
    let isRow = fault.name.contains("row")
    let path = try Self.converted(folder, isRow ? "bad.onnx" : "bad.lathe", fault.passes)
    let healthy = try Self.bisected(folder, path)
    #expect(healthy.status == 0 && healthy.report["kind"] as? String == "nothing", "\(healthy.report)")
    try Self.plant(fault, in: path)
    let (status, report) = try Self.bisected(folder, path)
    #expect(status == 1, "\(report)")
    #expect(report["kind"] as? String == "file", "\(report)")
    #expect((report["constant"] as? [String: Any])?["name"] as? String == fault.constant, "\(report)")
    #expect(report["node"] as? String == (isRow ? "MatMul → %matmul_8" : fault.node), "\(report)")
    #expect(report["pass"] as? String == fault.maker, "\(report)")
    #expect((report["command"] as? String)?.contains("lathe diff") == true, "\(report)")
  }

  @Test(arguments: faults) func aFaultOfAPassIsNamed(_ fault: Fault) throws {
    let folder = try TemporaryFolder()
    _ = try Self.samples(folder)
    let source = """
      #include "lathe_plugin.h"
      #include <stdlib.h>
      #include <string.h>
      static int run(const lathe_graph *graph, const lathe_host *host) {
        for (size_t v = 0; v < graph->value_count; v++) {
          const lathe_value *value = &graph->values[v];
          if (!value->data || strcmp(value->name, "\(fault.constant)")) continue;
          float *data = malloc(value->byte_count);
          size_t count = value->byte_count / 4;
          memcpy(data, value->data, value->byte_count);
          (void)count;
          \(fault.code)
          if (host->set_constant(host->context, v, data, value->byte_count)) return 9;
          host->done(host->context, value->name);
          free(data);
          return 0;
        }
        return 7;
      }
      static const lathe_pass pass = {"test/fault", "a fault", LATHE_COSINE, 0, run};
      static const lathe_plugin plugin = {LATHE_PLUGIN_INTERFACE, 1, &pass};
      const lathe_plugin *lathe_plugin_open(void) { return &plugin; }
      """
    let plugin = folder.file("fault.so")
    let made = try ProgramRun([
      "cc", "-O1", "-shared", "-fPIC", "-I", Repository.path("Sources/CLathePlugin/include"),
      try folder.write("fault.c", Array(source.utf8)), "-o", plugin,
    ])
    try #require(made.status == 0, "\(made.errors)")
    let order = fault.passes + ["--pass", "test/fault", "--pass", "simplify/fold-constants", "--plugin", plugin]
    let path = try Self.converted(folder, "bad.lathe", order)
    let (status, report) = try Self.bisected(folder, path, ["--plugin", plugin])
    #expect(status == 1, "\(report)")
    #expect(report["kind"] as? String == "pass" && report["pass"] as? String == "test/fault", "\(report)")
    #expect((report["constant"] as? [String: Any])?["name"] as? String == fault.constant, "\(report)")
    #expect((report["node"] as? String)?.hasSuffix(fault.node) == true, "\(report)")
    #expect((report["command"] as? String)?.contains("--stop-after") == true, "\(report)")
  }

  @Test func theRecipeOfARecordMakesTheSameFile() throws {
    let folder = try TemporaryFolder()
    _ = try Self.samples(folder)
    let first = try Self.converted(folder, "first.lathe", ["--recipe", "fuse", "--pass", "quantize/int8"])
    let second = try Self.converted(folder, "second.lathe", ["--recipe", first])
    #expect(try LatheProcess(["diff", first, second]).status == 0)
    #expect(try folder.bytes("first.lathe") == folder.bytes("second.lathe"))
  }

  @Test func differencesAreToldInTermsOfTheModel() throws {
    let folder = try TemporaryFolder()
    _ = try Self.samples(folder)
    let path = try Self.converted(folder, "fused.onnx", ["--recipe", "fuse"])
    let run = try LatheProcess(["diff", "\(Self.example)/model.onnx", path, "--json"])
    #expect(run.status == 1, "\(run.errors)")
    #expect(try run.json()["same"] as? Bool == false)
    try FileManager.default.copyItem(atPath: path, toPath: folder.file("bad.onnx"))
    try Self.plant(Self.faults[0], in: folder.file("bad.onnx"))
    let changed = try LatheProcess(["diff", path, folder.file("bad.onnx"), "--json"])
    let constants = try #require((try changed.json()["constants"] as? [String: Any])?["changed"] as? [[String: Any]])
    #expect(changed.status == 1 && constants.count == 1, "\(constants)")
    #expect(constants.first?["rows"] as? [Int] == [3] && constants.first?["axis"] as? Int == 0, "\(constants)")
    #expect(abs((constants.first?["factor"] as? Double ?? 0) - 2000) < 0.1, "\(constants)")
    #expect(try LatheProcess(["diff", path, path]).status == 0)
    #expect(try LatheProcess(["diff", path, folder.file("absent.onnx")]).status == 66)
  }
}
