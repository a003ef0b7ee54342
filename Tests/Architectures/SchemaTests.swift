import LatheArchitectures
import LatheDiagnostics
import LatheJSON
import LatheTestSupport
import LatheWeightDumps
import OrderedCollections
import Testing

/// `weights.schema.json` against the code.
@Suite struct SchemaTests {
  @Test func theSchemaSaysWhatIsRead() throws {
    let schema = try JSONValue.parse(fileAt: Repository.path("Schemas/weights.schema.json"))
    let properties = try #require(schema["properties"]?.objectValue)
    #expect(properties["format"]?["const"]?.stringValue == DumpReader.format)
    let heads = properties["config"]?["properties"]?["head"]?["enum"]?.arrayValue?.compactMap(\.stringValue)
    #expect(heads == Head.allCases.map(\.rawValue))
    let tensor = try #require(schema["$defs"]?["tensor"]?["properties"]?.objectValue)
    let folder = try TemporaryFolder()
    // Keys that the schema has not are refused with a list of those that there are.
    func keys(_ text: String) throws -> String {
      let path = try folder.write("d.json", text.utf8)
      do {
        _ = try DumpReader().read(path)
        return ""
      } catch {
        return error.fix ?? ""
      }
    }
    #expect(
      try keys(#"{"a key that is like no other": 1}"#) == "the keys are \(properties.keys.joined(separator: ", "))")
    let entry = #"{"tensors": {"w": {"a key that is like no other": 1}}}"#
    #expect(try keys(entry) == "the keys are \(tensor.keys.joined(separator: ", "))")
  }
}
