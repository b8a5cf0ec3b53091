export {
  areTypesFixed,
  checkAttributeTypes,
  fixAttributeTypes,
  type AttributeBearer,
} from './fix-attribute-types.ts';
